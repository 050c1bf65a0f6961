// What a bill told of a month in one delivery and in a later one, line by line. Both are read again from landing, into scratch: a diff needs
// no lock and leaves nothing behind.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import { type Catalog, neededFor } from '../model/catalog.js';
import type { BillSource } from '../pipeline/pipeline.js';
import { landedFile } from '../source/landing.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { literal } from '../warehouse/sql-quote.js';
import type { DeliveryDiff, DiffRequest } from './api.js';
import { chosen, type State, statesOf } from './diff-states.js';
import { comparedLines, copyLines } from './diff-lines.js';
import { executeStep } from './execute.js';
import { modelIn, overLanded, refuseCollected } from './over-landed.js';
import { evidenceSteps } from './plan.js';
import { type Prepared, preparePipeline } from './run.js';
import { removeFolder, scratchFolder } from './state.js';

const LINES = 'staging.bill_line';

/** Compares two deliveries; without a choice the newest and the last before it that told otherwise. Throws `Failure`. */
export async function diffDeliveries(request: DiffRequest): Promise<DeliveryDiff> {
  const prepared = await preparePipeline({ ...request, scope: {} });
  const config = billOf(prepared, request.sourceId);
  const states = await statesOf(prepared.pipeline, config.id);
  const scratch = await scratchFolder();
  try {
    return await new Comparison(request, { ...prepared, config, scratch }).among(states);
  } finally {
    await removeFolder(scratch);
  }
}

function billOf({ pipeline }: Prepared, sourceId: string): BillSource {
  const config = pipeline.sources.find(({ id }) => id === sourceId);
  if (config === undefined) {
    const ids = pipeline.sources.map(({ id }) => id);
    const message = `there is no source \`${sourceId}\` in ${pipeline.file}`;
    throw new Failure('user', [{ code: 'diff/unknown-source', message, remedy: suggest(sourceId, ids) }]);
  }
  if ('role' in config) return config;
  const message = `source \`${sourceId}\` tells usage: it has no lines of a bill`;
  const remedy = 'name a bill; what became of the records of a log is in `rejected_record` and in the controls';
  throw new Failure('user', [{ code: 'diff/no-bill', message, remedy, place: config.place }]);
}

interface Of extends Prepared {
  readonly config: BillSource;
  readonly scratch: string;
}

/** Two deliveries beside each other. The lines of each are read once. */
class Comparison {
  readonly #request: DiffRequest;
  readonly #of: Of;
  readonly #read = new Map<State, string>();

  constructor(request: DiffRequest, of: Of) {
    this.#request = request;
    this.#of = of;
  }

  async among(states: readonly State[]): Promise<DeliveryDiff> {
    const { before, after } = chosen(states, this.#request, this.#of.config.id);
    for (const earlier of before.slice(0, -1)) {
      const diff = await this.#between(earlier, after);
      if (diff.lines.length > 0) return diff;
    }
    return this.#between(before.at(-1) ?? null, after);
  }

  /** Null: nothing was delivered before. */
  async #between(before: State | null, after: State): Promise<DeliveryDiff> {
    const { sourceId, month } = this.#request;
    const [old, now] = [before === null ? null : await this.#linesOf(before), await this.#linesOf(after)];
    await using engine = await openDuckDb({ threads: 1 });
    const compared = await comparedLines(engine, this.#of.config.basis, old, now);
    return { sourceId, month, before: before?.delivery ?? null, after: after.delivery, ...compared };
  }

  async #linesOf(state: State): Promise<string> {
    const known = this.#read.get(state);
    if (known !== undefined) return known;
    const path = join(this.#of.scratch, `lines-${this.#read.size}.parquet`);
    await this.#write(state, path);
    this.#read.set(state, path);
    return path;
  }

  /** The staging models as a run builds them, over the files of this delivery alone. */
  async #write(state: State, path: string): Promise<void> {
    const { pipeline, catalog } = this.#of;
    const files = state.entries.map((entry) => landedFile(join(pipeline.stateDir, 'landing'), entry));
    await refuseCollected(files, {
      code: 'diff/collected',
      whose: `the delivery of ${state.delivery.run ?? 'now'}`,
      remedy: 'compare with a later delivery; `retention` says how long replaced ones are kept',
    });
    const needed = neededFor([LINES], catalog);
    await overLanded(this.#request, { ...this.#of, files }, async (context) => {
      for (const step of evidenceSteps(pipeline, catalog)) {
        if (step.kind === 'load' || step.kind === 'fill' || (step.kind === 'build' && needed.has(step.model)))
          await executeStep(context, step);
      }
      await copyLines(context.warehouse, columnsOf(catalog), this.#request.month, literal(path));
    });
  }
}

function columnsOf(catalog: Catalog): readonly string[] {
  return modelIn(catalog, LINES)?.contract.columns.map(({ name }) => name) ?? [];
}
