// A run up to its gate, for figures that no mart publishes.
import { join } from 'node:path';
import { duckDbEngine } from '../../src/model/engine.js';
import { readCatalog } from '../../src/model/catalog.js';
import { readPipeline } from '../../src/pipeline/read.js';
import { NO_BOOKS, NOTHING_BEFORE } from '../../src/run/books.js';
import { executeStep } from '../../src/run/execute.js';
import { loadHere } from '../../src/run/load.js';
import { openLedger } from '../../src/run/ledger.js';
import { planSteps } from '../../src/run/plan.js';
import { askedOf, periodOf } from '../../src/run/scope.js';
import { makeState } from '../../src/run/state.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Row } from '../../src/warehouse/warehouse.js';
import type { Company } from './company.js';

/** Rows of a query over every model of the run but the marts. */
export async function rowsInside(company: Company, select: string): Promise<readonly Row[]> {
  const pipeline = await readPipeline(company.pipelineFile);
  const now = (): Date => new Date('2031-01-01T00:00:00Z');
  const period = periodOf(pipeline, askedOf(pipeline, {}, now), { published: null, books: NO_BOOKS });
  await makeState(pipeline.stateDir);
  await using warehouse = await openDuckDb({ threads: 1 });
  const catalog = await readCatalog(join(import.meta.dirname, '../../sql'), warehouse);
  const engine = duckDbEngine(warehouse, 1);
  await engine.prepare(catalog);
  const shared = {
    pipeline,
    catalog,
    period,
    warehouse,
    engine,
    load: loadHere,
    threads: 1,
    listener: () => undefined,
    outside: { now, env: {} },
  };
  const context = {
    ...shared,
    ledger: openLedger(pipeline.stateDir, now),
    files: [],
    controls: [],
    kept: null,
    unchanged: null,
    books: NO_BOOKS,
    configuration: null,
  };
  for (const step of planSteps(pipeline, catalog, NOTHING_BEFORE)) {
    await executeStep(context, step);
    if (step.kind === 'gate') break;
  }
  return await warehouse.rows(select);
}
