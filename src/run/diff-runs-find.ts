// Which two runs are compared: by the beginnings of their ids, or the published one and the one before it.
import { join, relative } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPublished } from '../publish/directory.js';
import type { PastRun } from './api.js';
import type { RunDiffRequest } from './diff-runs-api.js';
import { readHistory } from './ledger.js';
import { runFolder, type StoredRun, storedRuns } from './manifest.js';
import { isThere, namesIn } from './state.js';

/** A run of the pipeline whose figures are still there. */
export interface KeptRun {
  readonly id: string;
  /** Null: it is of a version that wrote none. */
  readonly stored: StoredRun | null;
  /** The warehouse file of the run, or else its published Parquet files. */
  readonly figures: { readonly kind: 'warehouse' | 'published'; readonly path: string };
  readonly past: PastRun | null;
}

export interface TwoRuns {
  readonly before: KeptRun;
  readonly after: KeptRun;
}

export async function twoRuns(pipeline: Pipeline, { from, to }: Pick<RunDiffRequest, 'from' | 'to'>): Promise<TwoRuns> {
  const known = await knownRuns(pipeline);
  const published = (await readPublished(pipeline.outDir))?.runId ?? null;
  if (to === undefined && published === null) throw refused('diff/nothing-published', 'nothing is published yet', FIRST);
  const after = named(known, to ?? published ?? '');
  const before = from === undefined ? beforeThat(known, after.id) : named(known, from).id;
  return { before: await keptRun(pipeline, known, before), after: await keptRun(pipeline, known, after.id) };
}

const FIRST = 'run the pipeline first: showback run';

interface KnownRun {
  readonly id: string;
  readonly past: PastRun | null;
  /** It was published where this pipeline publishes, as far as anybody knows. */
  readonly here: boolean;
}

/** What the ledger knows, in the order of publication, and before that what only lies there; of each run the last line. */
async function knownRuns({ stateDir, outDir, name }: Pipeline): Promise<readonly KnownRun[]> {
  const stored = await storedRuns(stateDir);
  const others = new Set(stored.filter(({ manifest }) => manifest !== null && manifest.pipeline !== name).map(({ id }) => id));
  const known = new Map<string, PastRun | null>();
  const lying = [...stored.map(({ id }) => id), ...(await namesIn(join(outDir, 'runs'))).filter(isRunId)];
  for (const id of lying.sort()) known.set(id, null);
  for (const past of await readHistory(stateDir)) {
    if (past.outcome !== 'published') continue;
    known.delete(past.runId);
    known.set(past.runId, past);
  }
  // Two pipeline files of one name may share a state folder and publish in two places.
  const out = relative(stateDir, outDir);
  const elsewhere = new Set(stored.filter(({ manifest }) => manifest?.outs.includes(out) === false).map(({ id }) => id));
  return [...known].filter(([id]) => !others.has(id)).map(([id, past]) => ({ id, past, here: !elsewhere.has(id) }));
}

function isRunId(name: string): boolean {
  return /^\d{4}-\d{2}-\d{2}-[0-9a-f]{12}$/.test(name);
}

function named(known: readonly KnownRun[], name: string): KnownRun {
  const found = known.filter(({ id }) => id.startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const newest = known.map(({ id }) => id).reverse();
  if (only === undefined) {
    const near = nearest(name, newest);
    const remedy = near === null ? `these are known: ${listText(newest)}` : `did you mean \`${near}\`?`;
    throw refused('diff/no-run', `there is no run \`${name}\` of this pipeline`, newest.length === 0 ? FIRST : remedy);
  }
  const ids = found.map(({ id }) => id).reverse();
  throw refused('diff/which-run', `${ids.length} runs begin with \`${name}\``, `write more of one of them: ${listText(ids)}`);
}

const LISTED = 8;

function listText(ids: readonly string[]): string {
  return `${ids.slice(0, LISTED).join(', ')}${ids.length > LISTED ? ', …' : ''}`;
}

/** The last that was published before, whether or not it is kept: a step back that leaps over runs would tell of more than one night. */
function beforeThat(all: readonly KnownRun[], id: string): string {
  const known = all.filter((run) => run.here || run.id === id);
  const at = known.findIndex((run) => run.id === id);
  const before = known[at - 1];
  if (before !== undefined) return before.id;
  throw refused(
    'diff/no-earlier-run',
    `no run was published before ${id}`,
    'name the run to compare with, or run again when something came',
  );
}

async function keptRun(pipeline: Pipeline, known: readonly KnownRun[], id: string): Promise<KeptRun> {
  const stored = (await storedRuns(pipeline.stateDir)).find((run) => run.id === id) ?? null;
  const past = known.find((run) => run.id === id)?.past ?? null;
  const warehouse = join(runFolder(pipeline.stateDir, id), 'warehouse.duckdb');
  if (await isThere(warehouse)) return { id, stored, past, figures: { kind: 'warehouse', path: warehouse } };
  const published = join(pipeline.outDir, 'runs', id, 'parquet', 'showback_feature_month');
  if (await isThere(published)) return { id, stored, past, figures: { kind: 'published', path: published } };
  const kept: string[] = [];
  for (const run of [...known].reverse()) if (await isThere(runFolder(pipeline.stateDir, run.id))) kept.push(run.id);
  const remedy = kept.length === 0 ? FIRST : `these are kept: ${listText(kept)}; \`retention\` says how many stay`;
  throw refused('diff/run-collected', `the figures of run ${id} are not kept any more`, remedy);
}

function refused(code: string, message: string, remedy: string): Failure {
  return new Failure('user', [{ code, message, remedy }]);
}
