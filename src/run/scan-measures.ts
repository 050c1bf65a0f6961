// What the models of a pipeline scanned in its last run on Athena, kept for the estimate of the next one.
import { join } from 'node:path';
import { readText, writeAside, writeBytes } from './state.js';

/** Model → bytes, all its queries together. */
export type Measures = ReadonlyMap<string, number>;

/** What belongs to no model: controls, and the questions of a run. */
export const OTHERS = '(others)';

interface Named {
  readonly name: string;
  readonly layer: string;
  readonly table: string;
}

/** Sums by model. Logs are not among them: their size tells what they will be. */
export function measuresOf(scanned: readonly (readonly [name: string, bytes: bigint])[], models: readonly Named[]): Measures {
  const sums = new Map<string, number>();
  for (const [name, bytes] of scanned) {
    const model = modelOf(name, models);
    if (model !== null) sums.set(model, (sums.get(model) ?? 0) + Number(bytes));
  }
  return sums;
}

/** The model that a statement is of, by its name: `r<run>_<layer>_<table>_2 part 1` or `verify <layer>.<table>`. Null: of a log. */
function modelOf(statement: string, models: readonly Named[]): string | null {
  const made = /^r[0-9a-f]{16}_(\w+?)(?:_\d+)?(?: .*)?$/.exec(statement)?.[1];
  if (made === 'raw_usage_event' || /(?:^| )r[0-9a-f]{16}_raw_line(?:_\d+)?(?: |$)/.test(statement)) return null;
  const model = models.find(({ name, layer, table }) =>
    made === undefined ? statement.split(' ').includes(name) : made === `${layer}_${table}`,
  );
  return model?.name ?? OTHERS;
}

export async function noteMeasures(stateDir: string, pipeline: string, measures: Measures): Promise<void> {
  const told = {
    schema_version: 1,
    pipeline,
    scanned_bytes: Object.fromEntries([...measures].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const text = `${JSON.stringify(told, null, 2)}\n`;
  await writeAside(fileOf(stateDir, pipeline), async (aside) => writeBytes(aside, Buffer.from(text)));
}

/** Null: no run yet, or none that this version can read. */
export async function readMeasures(stateDir: string, pipeline: string): Promise<Measures | null> {
  const text = await readText(fileOf(stateDir, pipeline)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'null';
    throw error;
  });
  try {
    const told = JSON.parse(text) as { readonly scanned_bytes?: Readonly<Record<string, unknown>> } | null;
    const entries = Object.entries(told?.scanned_bytes ?? {});
    const counted = entries.flatMap(([name, bytes]) => (Number.isSafeInteger(bytes) ? [[name, Number(bytes)] as const] : []));
    return counted.length === 0 || counted.length < entries.length ? null : new Map(counted);
  } catch {
    return null;
  }
}

function fileOf(stateDir: string, pipeline: string): string {
  return join(stateDir, 'athena', 'scans', `${pipeline}.json`);
}
