// The deliveries of a source that can be compared: what each kept run was made of, and what landed since.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { countedIn, countedNow } from '../source/deliveries.js';
import { type IndexEntry, landingsOf } from '../source/landing.js';
import type { Delivery, DiffRequest } from './api.js';
import { readHistory } from './ledger.js';
import { storedRuns } from './manifest.js';

/** What counted of the source at one time. */
export interface State {
  readonly delivery: Delivery;
  readonly entries: readonly IndexEntry[];
}

/** Oldest first; runs that were made of the same files are one. */
export async function statesOf(pipeline: Pipeline, sourceId: string): Promise<readonly State[]> {
  const entries = await landingsOf(join(pipeline.stateDir, 'landing'), sourceId);
  const made = await publishedRuns(pipeline);
  const states = made.map(({ run, at, landed }) => stateOf(run, at, countedIn(entries, landed)));
  const now = countedNow(
    entries,
    made.map(({ landed }) => landed),
  );
  const all = [...states, stateOf(null, null, now)].filter((state) => state.entries.length > 0);
  return all.filter((state, at) => at === 0 || keyOf(state) !== keyOf(all[at - 1]));
}

interface Made {
  readonly run: string;
  readonly at: string;
  readonly landed: ReadonlySet<string>;
}

/** Published runs whose folder is kept, by the time of their first publication. */
async function publishedRuns(pipeline: Pipeline): Promise<readonly Made[]> {
  const stored = new Map((await storedRuns(pipeline.stateDir)).map(({ id, manifest }) => [id, manifest]));
  const made = new Map<string, Made>();
  for (const { runId, startedAt, outcome } of await readHistory(pipeline.stateDir)) {
    const manifest = stored.get(runId) ?? null;
    if (outcome !== 'published' || manifest === null || manifest.pipeline !== pipeline.name) continue;
    // Published again, it is where it stands now in the order of deliveries.
    made.delete(runId);
    made.set(runId, { run: runId, at: startedAt, landed: new Set(manifest.landed) });
  }
  return [...made.values()];
}

function stateOf(run: string | null, at: string | null, entries: readonly IndexEntry[]): State {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return { delivery: { run, at, files: entries.length, bytes }, entries };
}

function keyOf(state: State | undefined): string {
  const files = (state?.entries ?? []).map(({ name, sha256, unit, delivery }) => JSON.stringify([name, sha256, unit, delivery]));
  return files.sort((a, b) => (a < b ? -1 : 1)).join('\n');
}

export interface Choice {
  /** Candidates, the first that differs counts: newest first. Empty: there was none before. */
  readonly before: readonly State[];
  readonly after: State;
}

/** `from` and `to` name runs by the beginning of their id. */
export function chosen(states: readonly State[], { from, to }: Pick<DiffRequest, 'from' | 'to'>, sourceId: string): Choice {
  if (states.length === 0) {
    const message = `nothing of source \`${sourceId}\` has landed`;
    throw new Failure('user', [{ code: 'diff/nothing-landed', message, remedy: 'run the pipeline first: showback run' }]);
  }
  const last = to === undefined ? states.length - 1 : placeOf(states, to, sourceId);
  const after = states[last];
  if (after === undefined) throw new Error(`no delivery ${last}`);
  if (from === undefined) return { before: states.slice(0, last).reverse(), after };
  const first = placeOf(states, from, sourceId);
  const before = states[first];
  return { before: before === undefined ? [] : [before], after };
}

/** Runs that were made of the same files are told by the first of them. */
function placeOf(states: readonly State[], name: string, sourceId: string): number {
  const at = states.findLastIndex(({ delivery }) => delivery.run?.startsWith(name) === true);
  if (at >= 0) return at;
  const known = states.flatMap(({ delivery }) => delivery.run ?? []);
  const message = `no run \`${name}\` brought another delivery of \`${sourceId}\``;
  const remedy = known.length === 0 ? 'run the pipeline first: showback run' : `these did: ${known.join(', ')}`;
  throw new Failure('user', [{ code: 'diff/unknown-run', message, remedy }]);
}
