// Why a published figure is what it is. The models are built again over what its month was made of, in scratch, and the tables of every
// level are kept; the figure must come out as published, and every part of the tree must sum to what stands above it.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Month } from '../kernel/period.js';
import { type Catalog, type Model, neededFor } from '../model/catalog.js';
import { executeSteps } from '../run/builds.js';
import type { RunContext } from '../run/execute.js';
import { plainColumns } from '../run/export.js';
import { modelsOf } from '../run/models.js';
import { closingSteps, evidenceSteps, publishSteps, type Step } from '../run/plan.js';
import { isNeeded } from '../run/restate.js';
import { borrowLake, inScratch } from '../run/scratch.js';
import { evidenceStep } from '../run/session.js';
import { removeFolder, scratchFolder } from '../run/state.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { identifier, literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { Explained, ExplainRequest, Question } from './api.js';
import { captureLevel, captureRestated, openCapture, openLedger } from './capture.js';
import { type Ground, groundOf, madeAgain, workOf } from './ground.js';
import { openTold } from './ledger.js';
import { ENDS, explanationOf } from './marts.js';
import { plant, readTrees, refuseGaps, refuseLooseEnds } from './tree.js';

/** Throws `Failure`: `user` where there is no such row, or where the configuration is no longer what the month was made of. */
export async function explainFigure(request: ExplainRequest, question: Question): Promise<Explained> {
  const [explained] = await explainFigures(request, [question]);
  if (explained === undefined) throw new Error('a question without an answer');
  return explained;
}

/** Several figures of one month; the models are built once. */
export async function explainFigures(request: ExplainRequest, questions: readonly Question[]): Promise<readonly Explained[]> {
  const ground = await groundOf(request.pipelineFile, request.month);
  const scratch = await scratchFolder();
  try {
    await using reader = await openDuckDb({ threads: 1 });
    const catalog = await modelsOf(reader, null);
    const asked = questions.map(
      (question): Asked => ({ ground, month: request.month, question, mart: martOf(catalog, question) }),
    );
    for (const each of asked) await refuseUnknownRows(reader, each);
    await borrowLake(ground.stateDir, scratch);
    const work = workOf(ground, catalog, scratch);
    return await inScratch(request, work, async (context) => answers(context, asked, request.month));
  } finally {
    await removeFolder(scratch);
  }
}

interface Asked {
  readonly ground: Ground;
  readonly month: Month;
  readonly question: Question;
  readonly mart: Model;
}

function martOf({ models }: Catalog, { mart, where }: Question): Model {
  const marts = models.filter(({ layer }) => layer === 'marts');
  const found = marts.find(({ table }) => table === mart);
  if (found === undefined) {
    const names = marts.map(({ table }) => table);
    throw refused('explain/unknown-mart', `there is no mart \`${mart}\``, suggest(mart, names));
  }
  const columns = found.contract.columns.map(({ name }) => name);
  const unknown = where.find(({ column }) => !columns.includes(column));
  if (unknown === undefined) return found;
  throw refused('explain/unknown-column', `${mart} has no column \`${unknown.column}\``, suggest(unknown.column, columns));
}

async function answers(context: RunContext, asked: readonly Asked[], month: Month): Promise<readonly Explained[]> {
  await rebuild(
    context,
    asked.map(({ mart }) => mart),
    month,
  );
  const told: Explained[] = [];
  for (const each of asked) told.push(await answer(context, each));
  return told;
}

async function answer({ warehouse }: RunContext, asked: Asked): Promise<Explained> {
  const { ground, month, question, mart } = asked;
  await plant(warehouse);
  await takeRows(warehouse, asked);
  await explanationOf(mart).grow(warehouse, mart, question.most);
  await refuseGaps(warehouse);
  await refuseLooseEnds(warehouse, ENDS);
  return {
    ...{
      mart: mart.table,
      month,
      grain: mart.contract.grain,
      where: question.where,
      runId: ground.manifest.runId,
      asOf: ground.period.asOf,
      closed: ground.closed,
    },
    trees: await readTrees(warehouse),
  };
}

/** What the marts and their explanations read. */
async function rebuild(context: RunContext, marts: readonly Model[], month: Month): Promise<void> {
  const { warehouse, catalog, pipeline, books } = context;
  await openCapture(warehouse, month);
  const reads = marts.flatMap((mart) => [mart.name, ...mart.checkReads, ...explanationOf(mart).reads]);
  const needed = neededFor(['allocation.cost', ...reads], catalog);
  const steps = evidenceSteps(pipeline, catalog, books).filter((step) => step.kind === 'restate' || isNeeded(step, needed));
  const isAsked = (step: Step): boolean => step.kind === 'build' && needed.has(step.model);
  const builds = [...publishSteps(pipeline, catalog, []).filter(isAsked), ...closingSteps(pipeline, catalog).filter(isAsked)];
  await executeSteps(context, [...steps, ...builds], async (step) => {
    if (step.kind === 'level' && step.level === 0) await captureRestated(warehouse);
    await evidenceStep(context, step);
    if (step.kind === 'level') await captureLevel(warehouse, step.level);
  });
  await openLedger(warehouse);
  await placesOfEntries(context);
  await openTold(warehouse);
}

async function placesOfEntries({ warehouse, pipeline }: RunContext): Promise<void> {
  const rows = pipeline.registry.fixedCosts.map(({ entryId, place: { file, line = 1 } }) => [entryId, `${file}:${line}`]);
  if (rows.length > 0) await warehouse.insert('explain.entry_place', ['entry_id', 'place'], rows);
}

/** The published rows that were asked for: a select of the whole month, and what of it is meant. */
interface Published {
  readonly select: string;
  readonly where: string;
  readonly values: readonly string[];
}

function publishedOf({ ground, month, question: { where }, mart }: Asked): Published & { readonly file: string } {
  const path = join(ground.outDir, 'runs', ground.manifest.runId, `parquet/${mart.table}/billing_month=${month}/data.parquet`);
  const file = `read_parquet(${literal(path)}, hive_partitioning = false)`;
  const conditions = where.map(({ column }, at) => `CAST(${identifier(column)} AS VARCHAR) = $${at + 1}`);
  return {
    file,
    select: `SELECT ${plainColumns(mart)} FROM ${file}`,
    where: conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`,
    values: where.map(({ value }) => value),
  };
}

/** Before anything is built: a misspelt name is answered at once. */
async function refuseUnknownRows(reader: Warehouse, asked: Asked): Promise<void> {
  const { ground, month, question, mart } = asked;
  refuseAbsent(asked);
  const { file, select, where, values } = publishedOf(asked);
  const there = new Set((await reader.describe(`SELECT * FROM ${file}`)).map(({ name }) => name));
  // Another version published it, with other columns.
  if (mart.contract.columns.some(({ name }) => !there.has(name))) throw changed(mart.table, month, ground.closed);
  const [count] = await reader.rows(`SELECT count(*) AS n FROM (${select})${where}`, values);
  if (count?.['n'] === '0') throw await noRow(reader, question, { month, published: select });
}

/** `explain.row`: what was asked for, which must come out as it is published. */
async function takeRows(warehouse: Warehouse, asked: Asked): Promise<void> {
  const { ground, month, mart } = asked;
  const { select: published, where, values } = publishedOf(asked);
  const anew = `SELECT ${plainColumns(mart)} FROM ${mart.name} WHERE billing_month = ${literal(month)}`;
  // What remembers earlier runs cannot be built again: its rows say what they know.
  await warehouse.run(`CREATE OR REPLACE TABLE explain.built AS ${mart.contract.made === 'history' ? published : anew}`);
  const built = `SELECT * FROM explain.built${where}`;
  const there = `SELECT * FROM (${published})${where}`;
  for (const [one, other] of [
    [built, there],
    [there, built],
  ]) {
    const [left] = await warehouse.rows(`SELECT count(*) AS n FROM ((${one}) EXCEPT ALL (${other}))`, values);
    if (left?.['n'] !== '0') throw changed(mart.table, month, ground.closed);
  }
  await warehouse.run('CREATE OR REPLACE TABLE explain.row AS SELECT CAST(NULL AS BIGINT) AS id, * FROM explain.built LIMIT 0');
  await warehouse.rows(
    `INSERT INTO explain.row SELECT nextval('explain.figure_id'), * FROM (${built}) ORDER BY ${orderOf(mart)}`,
    values,
  );
}

function orderOf({ contract }: Model): string {
  return contract.grain.map(identifier).join(', ');
}

async function noRow(
  warehouse: Warehouse,
  { mart, where }: Question,
  { month, published }: { readonly month: Month; readonly published: string },
): Promise<Failure> {
  for (const { column, value } of where) {
    const rows = await warehouse.rows(
      `SELECT DISTINCT CAST(${identifier(column)} AS VARCHAR) AS value FROM (${published}) ORDER BY 1`,
    );
    const values = rows.map((row) => row['value'] ?? '');
    if (!values.includes(value))
      return refused('explain/no-row', `no row of ${mart} in ${month} has the ${column} \`${value}\``, suggest(value, values));
  }
  const asked = where.map(({ column, value }) => `${column}=${value}`).join(', ');
  const message = asked === '' ? `${mart} has no row in ${month}` : `no row of ${mart} in ${month} has ${asked} at once`;
  return refused('explain/no-row', message, `look at its rows: showback sql "from ${mart}"`);
}

/** What closing makes is there for closed months alone, and no version before this one made all marts. */
function refuseAbsent({ ground, month, mart: { table, contract } }: Asked): void {
  if (ground.manifest.files.some((file) => file.mart === table && file.month === month)) return;
  const message = `nothing is published of ${table} in ${month}`;
  const remedy =
    contract.made === 'close'
      ? 'it is made when the month closes, and published by the next run'
      : 'make it: showback run --force';
  throw refused('explain/no-row', message, remedy);
}

function changed(mart: string, month: Month, closed: boolean): Failure {
  const message = `these rows of ${mart} come out otherwise than ${month} is published: the configuration or the program changed since its run`;
  const remedy = closed ? 'use the version of showback that it was closed with; `showback verify` tells which' : madeAgain(month);
  return refused('explain/changed', message, remedy);
}

function refused(code: string, message: string, remedy: string): Failure {
  return new Failure('user', [{ code, message, remedy }]);
}
