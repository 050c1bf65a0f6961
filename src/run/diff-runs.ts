// Two runs beside each other: which published figures moved, and which ingredient moved them. What must be built for it is built in
// scratch: nothing lands, nothing is published, and no lock is taken.
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Month } from '../kernel/period.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { readPipeline } from '../pipeline/read.js';
import { Mixtures } from './diff-runs-build.js';
import { type Walked, walked } from './diff-runs-chain.js';
import { fileChanges } from './diff-runs-changes.js';
import type { Cause, ComparedRun, Ingredient, RunDiff, RunDiffRequest } from './diff-runs-api.js';
import { type Figures, figuresOf, movedMonths, movesOf } from './diff-runs-figures.js';
import { type KeptRun, type TwoRuns, twoRuns } from './diff-runs-find.js';
import { type Making, Makings, type Today, type UnknownMaking } from './diff-runs-makings.js';
import { modelsOf, versionsOf } from './models.js';
import { borrowLake } from './scratch.js';
import { removeFolder, scratchFolder } from './state.js';

/** Throws `Failure` where a run is not known or not kept. What cannot be attributed is told as that. */
export async function diffRuns(request: RunDiffRequest): Promise<RunDiff> {
  const pipeline = await readPipeline(request.pipelineFile);
  const runs = await twoRuns(pipeline, request);
  await using warehouse = await openDuckDb({ threads: 1 });
  const today = { pipeline, catalog: await modelsOf(warehouse, null), versions: await versionsOf(warehouse) };
  const scratch = await scratchFolder();
  try {
    return await new Comparison(request, { ...runs, today, warehouse, scratch }).told();
  } finally {
    await removeFolder(scratch);
  }
}

interface Of extends TwoRuns {
  readonly today: Today;
  readonly warehouse: Warehouse;
  readonly scratch: string;
}

/** Months that are explained together. */
interface Group {
  readonly months: Month[];
  readonly before: Making | UnknownMaking | null;
  readonly after: Making | UnknownMaking | null;
}

class Comparison {
  readonly #request: RunDiffRequest;
  readonly #of: Of;

  constructor(request: RunDiffRequest, of: Of) {
    this.#request = request;
    this.#of = of;
  }

  async told(): Promise<RunDiff> {
    const { warehouse, before, after } = this.#of;
    const published = { before: await figuresOf(warehouse, before), after: await figuresOf(warehouse, after) };
    refuseUnknown([...published.before, ...published.after], this.#request);
    const ends = { before: this.#asked(published.before), after: this.#asked(published.after) };
    const { months, unmoved } = await movedMonths(warehouse, ends.before, ends.after);
    const groups = await this.#groups(months, ends);
    const chains: Walked[] = [];
    for (const group of groups) chains.push(await this.#walked(group, ends));
    const points = chains.map((chain, at) => ({ months: groups[at]?.months ?? [], points: chain.points }));
    const moves = await movesOf(warehouse, points);
    return {
      before: comparedRun(before, published.before),
      after: comparedRun(after, published.after),
      chains: chains.map(({ causes, builds }, at) => ({ months: groups[at]?.months ?? [], causes, builds })),
      figures: moves.filter(({ featureId }) => featureId !== null || this.#request.feature === undefined),
      unmoved,
    };
  }

  #asked(figures: Figures): Figures {
    const { month, feature } = this.#request;
    return figures.filter(
      (row) => (month ?? row['month']) === row['month'] && (feature ?? row['feature_id']) === row['feature_id'],
    );
  }

  async #groups(
    months: readonly Month[],
    ends: { readonly before: Figures; readonly after: Figures },
  ): Promise<readonly Group[]> {
    const { today, before, after } = this.#of;
    const makings = await Makings.open(today);
    const groups = new Map<string, Group>();
    for (const month of months) {
      const isIn = (figures: Figures): boolean => figures.some((row) => row['month'] === month);
      const made = {
        before: isIn(ends.before) ? await makings.of(before, month) : null,
        after: isIn(ends.after) ? await makings.of(after, month) : null,
      };
      const key = JSON.stringify([made.before?.key ?? null, made.after?.key ?? null]);
      const group = groups.get(key) ?? { months: [], ...made };
      group.months.push(month);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  async #walked(group: Group, figures: { readonly before: Figures; readonly after: Figures }): Promise<Walked> {
    const { months, before, after } = group;
    const { today, scratch } = this.#of;
    const whole = (cause: Cause): Walked => ({ causes: [cause], points: [figures.before, figures.after], builds: 0 });
    if (before === null || after === null) return whole(onlyIn(before === null ? 'after' : 'before'));
    if (before.kind === 'unknown' || after.kind === 'unknown') return whole(this.#unknown(before, after));
    await borrowLake(today.pipeline.stateDir, scratch);
    const ends = { months, before, after, figures, anew: this.#request.anew, versions: today.versions };
    const workshop = { request: this.#request, catalog: today.catalog, scratch, months };
    await using mixtures = new Mixtures(workshop);
    return await walked(ends, async (made) => this.#asked(await mixtures.figures(made)));
  }

  /** Which files came and went is known of runs of earlier versions too. */
  #unknown(before: Making | UnknownMaking, after: Making | UnknownMaking): Cause {
    const why = [before, after].flatMap((making) => (making.kind === 'unknown' ? [making.why] : []));
    const [was, is] = [this.#of.before, this.#of.after].map(({ stored }) => stored?.manifest?.evidence?.files ?? null);
    const changes = was == null || is == null ? [] : fileChanges(was, is);
    return { ingredients: [{ kind: 'unknown', sourceId: null, changes }], note: [...new Set(why)].join('; ') };
  }
}

function onlyIn(side: 'before' | 'after'): Cause {
  const change = side === 'before' ? 'removed' : 'added';
  const ingredient: Ingredient = {
    kind: 'month',
    sourceId: null,
    changes: [{ change, what: `published by the run ${side} alone`, place: null, before: null, after: null }],
  };
  return { ingredients: [ingredient], note: null };
}

/** A name that nobody knows must not read as one that did not move. */
function refuseUnknown(figures: Figures, { month, feature }: RunDiffRequest): void {
  const known = (name: string): readonly string[] => [...new Set(figures.map((row) => row[name] ?? ''))].sort();
  const refuse = (code: string, asked: string | undefined, name: 'month' | 'feature_id'): void => {
    if (asked === undefined || known(name).includes(asked)) return;
    const message = `neither run has figures of \`${asked}\``;
    throw new Failure('user', [{ code, message, remedy: suggest(asked, known(name)) }]);
  };
  refuse('diff/unknown-month', month, 'month');
  refuse('diff/unknown-feature', feature, 'feature_id');
}

function comparedRun({ id, past, stored }: KeptRun, figures: Figures): ComparedRun {
  const published = stored?.manifest?.recipe?.made.map(({ month }) => month);
  const months = published ?? [...new Set(figures.map(({ month }) => month ?? ''))];
  return {
    runId: id,
    at: past?.startedAt ?? null,
    asOf: stored?.manifest?.recipe?.asOf ?? id.slice(0, 10),
    months: [...months].sort(),
  };
}
