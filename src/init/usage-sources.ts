// Logs → usage sources: one a shape, with the provider told where the log does not.
import { PROVIDER } from '../pipeline/fields.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { SourceDraft, Surroundings } from './draft.js';
import type { UsageShape } from './finding.js';
import { providerId, vendorOfModel } from './providers.js';
import { UNNAMED } from './usage.js';
import { draftOfLogs, type Log, type LogGroup } from './usage-draft.js';
import { NOWHERE } from './usage-map.js';

export async function usageSources(engine: Warehouse, around: Surroundings): Promise<readonly SourceDraft[]> {
  const { found, own } = around;
  const logs = found.filter((each): each is Log => each.finding.kind === 'usage');
  const groups = new Map<string, Log[]>();
  for (const log of logs) {
    const { format, map, constants, tokens } = log.finding.shape;
    const key = JSON.stringify([format, map, constants, tokens]);
    groups.set(key, [...(groups.get(key) ?? []), log]);
  }
  const settled: LogGroup[] = [];
  for (const group of groups.values()) settled.push(...(await withProvider(engine, group)));
  // Empty logs do no harm, whatever pattern takes them.
  const names = [...own, ...found.filter(({ file }) => file.bytes > 0).map(({ file }) => file.name)];
  return settled.map((group) => draftOfLogs(group, names, around));
}

/** Settles who is meant, in the sample too. */
async function withProvider(engine: Warehouse, logs: readonly Log[]): Promise<readonly LogGroup[]> {
  const [first] = logs;
  if (first === undefined) return [];
  const { shape } = first.finding;
  if (shape.constants.provider === UNNAMED) return byModels(engine, logs, shape);
  const named = await providersIn(engine, logs);
  const [only] = named;
  const odd = named.filter((name) => !PROVIDER.test(name));
  if (odd.length > 0 && named.length > 1) {
    const doubt = `the log names providers that are no ids (${odd.join(', ')}); all of its usage is \`${UNNAMED}\` until it writes ids such as ${odd.map(providerId).join(', ')}`;
    return [await constantGroup(engine, logs, UNNAMED, [doubt])];
  }
  if (only !== undefined && named.length === 1 && providerId(only) !== only)
    return [{ ...(await constantGroup(engine, logs, providerId(only) || UNNAMED, [])), renamed: only }];
  const others = named.filter((name) => providerId(name) !== name);
  const doubts = others.map(
    (name) => `the log says provider \`${name}\`, and price books and bills say \`${providerId(name)}\`: write that in the log`,
  );
  return [{ shape, logs, doubts }];
}

async function providersIn(engine: Warehouse, logs: readonly Log[]): Promise<readonly string[]> {
  const rows = await engine.rows(
    `SELECT DISTINCT provider FROM usage_sample WHERE reject IS NULL AND file IN (${filesOf(logs)}) ORDER BY provider LIMIT 50`,
  );
  return rows.flatMap((row) => row['provider'] ?? []);
}

/** One vendor of all models, or one of each file; else nobody can tell record from record. */
async function byModels(engine: Warehouse, logs: readonly Log[], shape: UsageShape): Promise<readonly LogGroup[]> {
  const rows = await engine.rows(
    `SELECT DISTINCT file, model FROM usage_sample WHERE reject IS NULL AND model IS NOT NULL AND file IN (${filesOf(logs)})`,
  );
  const vendorsOf = (among: ReadonlySet<string>) =>
    new Set(rows.filter((row) => among.has(row['file'] ?? '')).map((row) => vendorOfModel(row['model'] ?? '') ?? UNNAMED));
  const all = vendorsOf(new Set(logs.map(({ file }) => file.name)));
  const [one = UNNAMED] = all;
  const guess = (vendor: string) => `the log names no provider; by its models it is \`${vendor}\``;
  if (all.size < 2 && one !== UNNAMED) return [await constantGroup(engine, logs, one, [guess(one)])];
  const apart = logs.map((log) => ({ log, vendors: vendorsOf(new Set([log.file.name])) }));
  if (all.size > 1 && apart.every(({ vendors }) => vendors.size === 1)) {
    return Promise.all(
      [...all].map(async (vendor) =>
        constantGroup(
          engine,
          apart.filter(({ vendors }) => vendors.has(vendor)).map(({ log }) => log),
          vendor,
          [guess(vendor)],
        ),
      ),
    );
  }
  const names = [...all]
    .filter((vendor) => vendor !== UNNAMED)
    .sort()
    .join(', ');
  const doubt = `the log names no provider${names === '' ? '' : `, and has models of ${names}`}: its usage is \`${UNNAMED}\` and has no price until it writes a provider`;
  return [{ shape, logs, doubts: [doubt] }];
}

async function constantGroup(
  engine: Warehouse,
  logs: readonly Log[],
  provider: string,
  doubts: readonly string[],
): Promise<LogGroup> {
  const [first] = logs;
  if (first === undefined) throw new Error('a group without logs');
  const { shape } = first.finding;
  await engine.run(`UPDATE usage_sample SET provider = ${literal(provider)} WHERE file IN (${filesOf(logs)})`);
  const isWritten = shape.constants.provider === undefined;
  const map = isWritten ? { ...shape.map, provider: NOWHERE } : shape.map;
  return { shape: { ...shape, map, constants: { ...shape.constants, provider } }, logs, doubts };
}

function filesOf(logs: readonly Log[]): string {
  return logs.map(({ file }) => literal(file.name)).join(', ');
}
