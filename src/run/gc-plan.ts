// What `gc` would remove, as data: `--dry-run` tells it, `gc` carries it out. What is kept is decided here and nowhere else.
import { join, relative, resolve } from 'node:path';
import type { Pipeline } from '../pipeline/pipeline.js';
import { currentRun } from '../publish/links.js';
import { oldRuns, runsIn } from '../publish/retention.js';
import { landingWaste } from '../source/landing-waste.js';
import { lakeWaste } from '../warehouse/lake-uses.js';
import type { Waste, WasteKind } from './api.js';
import { landedOfBooks } from './books.js';
import { leftoversOf } from './leftovers.js';
import { type StoredRun, storedRuns } from './manifest.js';
import { isThere, sizeOf } from './state.js';

const DAY = 86_400_000;

/** Of every pipeline; what lies elsewhere is the matter of `gc-elsewhere.ts`. */
export const KINDS_HERE: readonly WasteKind[] = ['leftover', 'published-run', 'run', 'delivery', 'unnamed', 'lake-file'];

export interface GcPlan {
  /** In the order in which it goes. */
  readonly waste: readonly Waste[];
  /** The landing index without what goes, or null: it stays. */
  readonly index: string | null;
  /** sha256 of what stays in the landing. */
  readonly landed: ReadonlySet<string>;
  /** sha256 of what goes from it. */
  readonly dropped: ReadonlySet<string>;
  readonly notes: readonly string[];
}

export async function planGc(pipeline: Pipeline, now: Date): Promise<GcPlan> {
  const { stateDir, outDir, retention } = pipeline;
  const leftovers = await leftoversOf(pipeline);
  const runsDir = join(outDir, 'runs');
  const current = await currentRun(outDir);
  const oldPublished = await oldRuns(runsDir, current, retention.runs - 1);
  const published = [current ?? '', ...(await runsIn(runsDir))].filter((id) => id !== '' && !oldPublished.includes(id));
  const stored = await storedRuns(stateDir);
  // Where nothing is published the output folder may be away: what it holds is not known.
  const oldStored = current === null ? [] : await unpublished(stored, published, pipeline);
  const kept = stored.filter((run) => !oldStored.includes(run));
  const silent = silentRuns(kept, published);
  const landing = await landingWaste(join(stateDir, 'landing'), {
    sources: silent.length > 0 ? new Set() : new Set(pipeline.sources.map((source) => source.id)),
    runs: new Set([...kept.flatMap((run) => run.manifest?.landed ?? []), ...(await landedOfBooks(stateDir))]),
    replacedBefore: replacedBefore(pipeline, now),
  });
  const lake = await lakeWaste(join(stateDir, 'lake'), pipeline.file);
  return {
    waste: [
      ...(await measured('leftover', leftovers)),
      ...(await measured(
        'published-run',
        oldPublished.map((id) => join(runsDir, id)),
      )),
      ...(await measured(
        'run',
        oldStored.map((run) => run.path),
      )),
      ...(await measured('delivery', landing.deliveries)),
      ...(await measured('unnamed', landing.unnamed)),
      ...(await measured('lake-file', lake.paths)),
    ],
    index: landing.index,
    landed: landing.kept,
    dropped: landing.dropped,
    notes: [...landing.notes, ...lake.notes, ...silentNotes(silent)],
  };
}

/** Milliseconds: what was replaced later than this stays. */
export function replacedBefore({ retention }: Pick<Pipeline, 'retention'>, now: Date): number {
  return now.getTime() - retention.deliveriesDays * DAY;
}

/**
 * Runs that no output folder holds any more. Of runs for other output folders nothing is known here: they stay, and a run that two
 * folders publish stays for the other one. A run that tells nothing is of an earlier version: ours, where nobody else is seen here.
 */
async function unpublished(
  stored: readonly StoredRun[],
  published: readonly string[],
  { stateDir, outDir }: Pipeline,
): Promise<readonly StoredRun[]> {
  const own = relative(stateDir, outDir);
  const shared = stored.some(({ manifest }) => manifest?.outs.some((out) => out !== own) === true);
  const old: StoredRun[] = [];
  for (const run of stored.filter(({ id }) => !published.includes(id))) {
    const outs = run.manifest?.outs ?? (shared ? [] : [own]);
    const others = outs.filter((out) => out !== own).map((out) => join(resolve(stateDir, out), 'runs', run.id));
    const elsewhere = await Promise.all(others.map(isThere));
    if (outs.includes(own) && !elsewhere.includes(true)) old.push(run);
  }
  return old;
}

/** Kept runs that do not say what they were made of: as long as there is one, every delivery may be of it. */
function silentRuns(kept: readonly StoredRun[], published: readonly string[]): readonly string[] {
  const telling = new Set(kept.filter((run) => run.manifest !== null).map((run) => run.id));
  return [...new Set([...published, ...kept.map((run) => run.id)])].filter((id) => !telling.has(id)).sort();
}

function silentNotes(silent: readonly string[]): readonly string[] {
  const [first] = silent;
  if (first === undefined) return [];
  const which =
    silent.length === 1
      ? '1 kept run does not say what went into it'
      : `${silent.length} kept runs do not say what went into them`;
  return [`${which}, ${first} the first: replaced deliveries stay until every kept run says so`];
}

async function measured(kind: WasteKind, paths: readonly string[]): Promise<readonly Waste[]> {
  return Promise.all(paths.map(async (path) => ({ kind, path, ...(await sizeOf(path)) })));
}
