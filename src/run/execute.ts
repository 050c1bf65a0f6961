// Executes the steps of a plan, one after the other. It decides order and moves bytes; every figure is the engine's.
import { join } from 'node:path';
import type { Listener } from '../kernel/event.js';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { Catalog, Model } from '../model/catalog.js';
import type { ModelEngine } from '../model/engine.js';
import { rowText } from '../model/verify.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import { land as landSource } from '../source/registry.js';
import type { Outside } from '../source/source.js';
import type { KeptUsage } from '../warehouse/kept-usage.js';
import type { Cell, Row, Warehouse } from '../warehouse/warehouse.js';
import type { PastStep } from './api.js';
import { type Books, closedTables } from './books.js';
import type { ConfigurationBytes } from './config-copy.js';
import { rulesHash } from './fingerprint.js';
import type { Ledger } from './ledger.js';
import { type ParameterTables, parameterTables, type Period, periodRow } from './parameters.js';
import { CONTROL_EVIDENCE, CONTROL_REMEDY } from './control-evidence.js';
import { describeStep, maxLevel, type Step } from './plan.js';
import { fillPosted, tellOfAdjustments } from './posted.js';
import { withRemote } from './remote-landing.js';
import { computedPeriod } from './scope.js';
import { type Piece, sideBySide } from './side-by-side.js';
import { warnOfUnmatched } from './unmatched.js';
import { warnOfUnowned } from './unowned.js';
import { warnOfVariance } from './variance-notes.js';

/** What the steps share. Landing and loading fill the evidence; later steps only read it. */
export interface RunContext {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  /** The embedded engine: what landed is read by it, and what people read is written by it. */
  readonly warehouse: Warehouse;
  /** Where models are built. */
  readonly engine: ModelEngine;
  /** What landed becomes the raw tables of that engine. */
  readonly load: (context: RunContext) => Promise<Amounts>;
  readonly threads: number;
  readonly listener: Listener;
  /** The clock and the keys, for sources that ask a provider. */
  readonly outside: Pick<Outside, 'now' | 'env'>;
  readonly ledger: Ledger;
  /** Closed months, which nothing recomputes. */
  readonly books: Books;
  /** What the pipeline was read from, kept with the run; null beside any run. */
  readonly configuration: ConfigurationBytes | null;
  readonly files: LandedFile[];
  readonly controls: ControlTotal[];
  /** Sums of days from the run before; null where every day is read, and nothing kept. */
  readonly kept: KeptUsage | null;
  /** Months that are left as they are published; null where each is computed, whatever is known. */
  readonly unchanged: Unchanged | null;
  /** No step begins, and none goes on, after it aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Months that a run does not compute, since what it would find is known: open ones that are published again as they are, and those before the look-back window. */
export interface Unchanged {
  /** None, or all from the first one of the books through another, in order. Known once `find` is done. */
  readonly months: readonly Month[];
  /** Decides, behind what was staged of the evidence and before anything is rated, and tells the models. */
  find(context: RunContext): Promise<void>;
  /** The month stays as published, and is not what would be computed. */
  tell(month: Month, warning: string): void;
  /** What was found so of a month that is left. */
  warningsOf(month: Month): readonly string[];
  /** Before the run is published: what holds of its months, for the next one. */
  note(context: RunContext, runId: string): Promise<void>;
}

/** What a step made or went through, where that can be counted. */
export type Amounts = Omit<PastStep, 'step' | 'seconds'>;

/** Runs one step with its events and its line in the ledger. `work` is what the step does, where that is not the engine's. */
export async function executeStep(
  context: RunContext,
  step: Step,
  work: () => Promise<Amounts | null> = async () => perform(context, step),
): Promise<void> {
  context.signal?.throwIfAborted();
  const name = describeStep(step);
  const started = performance.now();
  context.listener({ kind: 'step', step: name, state: 'started' });
  try {
    const amounts = await work();
    const seconds = (performance.now() - started) / 1000;
    context.listener({ kind: 'step', step: name, state: 'done', seconds, ...amounts });
    await context.ledger.step({ step: name, seconds, ...amounts });
  } catch (error) {
    const state = context.signal?.aborted === true ? 'skipped' : 'failed';
    context.listener({ kind: 'step', step: name, state, seconds: (performance.now() - started) / 1000 });
    throw error;
  }
}

async function perform(context: RunContext, step: Step): Promise<Amounts | null> {
  switch (step.kind) {
    case 'land':
      return land(context, step.sourceId);
    case 'load':
      return context.load(context);
    case 'fill':
      return { rows: await fill(context) };
    case 'build':
      return rowsOf(await context.engine.build(modelOf(context, step.model)));
    case 'level':
      return { rows: await level(context, step.level, step.models) };
    case 'keep':
      await context.kept?.keep(context.warehouse);
      return null;
    case 'leave':
      await context.unchanged?.find(context);
      return null;
    case 'turn':
      return turn(context);
    case 'gate':
      return gate(context);
    case 'restate':
    case 'compare':
    case 'carry':
    case 'publish':
    case 'deliver':
      throw new Error(`${step.kind} is not a step of the engine`);
    default:
      return step satisfies never;
  }
}

function rowsOf(rows: number | null): Amounts | null {
  return rows === null ? null : { rows };
}

async function land(context: RunContext, sourceId: string): Promise<Amounts> {
  const config = context.pipeline.sources.find((source) => source.id === sourceId);
  if (config === undefined) throw new Error(`no source ${sourceId}`);
  const { pipeline, listener, signal } = context;
  const request = { config, root: pipeline.root, landingDir: join(pipeline.stateDir, 'landing'), listener, signal };
  const outside = { ...context.outside, start: pipeline.start };
  const landing = await withRemote(context, config, async (remote) => landSource({ ...request, outside, remote }));
  context.files.push(...landing.files);
  context.controls.push(...landing.controls);
  return { files: landing.files.length, bytes: landing.files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function fill(context: RunContext): Promise<number> {
  const tables: ParameterTables = {
    ...parameterTables(context.pipeline, context.period),
    'run.control_total': context.controls.map(controlRow),
    ...closedTables(context.books, rulesHash(context.pipeline)),
  };
  let rows = 0;
  for (const [table, values] of Object.entries(tables)) {
    await context.engine.fill(modelOf(context, table), values);
    rows += values.length;
  }
  rows += await fillPosted(context.warehouse, context.books, modelOf(context, 'run.posted_cost'));
  await verifyInputs(context);
  return rows;
}

/** Raw tables have the columns that their files gave them; those of the run are made of their contracts, and what is empty breaks none. */
async function verifyInputs({ engine, catalog }: RunContext): Promise<void> {
  const layer = (name: string): readonly Model[] => catalog.models.filter((model) => model.layer === name);
  const pieces = [...layer('raw'), ...(await engine.filled(layer('run')))].map((model): Piece => {
    return { model, work: async (lane) => refuse(await lane.breaches(model, model.layer === 'run')) };
  });
  await sideBySide(engine, pieces);
}

/** Only marts ask which months are published, so that all before them stands. */
async function turn(context: RunContext): Promise<null> {
  const { engine, pipeline, period } = context;
  const model = modelOf(context, 'run.period');
  await engine.createEmpty(model);
  await engine.fill(model, [periodRow(pipeline, period)]);
  return null;
}

function controlRow(total: ControlTotal): Record<string, Cell> {
  return {
    source_id: total.sourceId,
    control: total.control,
    scope: total.scope,
    currency: total.currency,
    expected: total.expected,
  };
}

/** One pass of the level group; on the first the ledger of allocated cost is empty, after the last it is held to its contract. */
async function level(context: RunContext, number: number, models: readonly string[]): Promise<number> {
  const { engine } = context;
  await engine.setLevel(modelOf(context, 'run.level'), number);
  const group = models.map((name) => modelOf(context, name));
  for (const model of group) if (number === 0 && model.contract.build === 'append') await engine.createEmpty(model);
  let rows = 0;
  const pieces = group.map((model): Piece => {
    return { model, work: async (lane) => void (rows = (await lane.build(model)) ?? rows) };
  });
  await sideBySide(engine, pieces);
  if (number === maxLevel(context.pipeline)) await verifyAppended(engine, group);
  return rows;
}

async function verifyAppended(engine: ModelEngine, group: readonly Model[]): Promise<void> {
  for (const model of group.filter((member) => member.contract.build === 'append')) refuse(await engine.breaches(model, true));
}

function refuse(breaches: readonly Problem[]): void {
  if (breaches.length > 0) throw new Failure('check', breaches);
}

/** Failing controls of the published months stop the run here, with the rows that say so. */
async function gate(context: RunContext): Promise<null> {
  const { engine, period, listener } = context;
  const computed = computedPeriod(period, context.unchanged?.months ?? []);
  const rows = await engine.rows(
    `SELECT control, scope, CAST(billing_month AS VARCHAR) AS month, currency, expected, actual, difference, tolerance
     FROM reconciliation.control
     WHERE NOT passed AND (is_of_all_months OR billing_month BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE)
       OR (control = 'invoice_total' AND billing_month IN (SELECT billing_month FROM allocation.restated_month)))
     ORDER BY billing_month, control, scope`,
    [`${computed.firstMonth}-01`, `${computed.lastMonth}-01`],
  );
  const problems: Problem[] = [];
  for (const row of rows) problems.push(await controlProblem(engine, row));
  refuse(problems);
  await tellOfAdjustments(context);
  await warnOfVariance(engine, computed, listener);
  await warnOfUnmatched(engine, context.pipeline.start, listener);
  await warnOfUnowned(engine, period, listener);
  return null;
}

async function controlProblem(engine: ModelEngine, row: Row): Promise<Problem> {
  const { control = '', scope = '', month = '', expected = null, actual = null, difference = null, tolerance = null } = row;
  const evidence = CONTROL_EVIDENCE[control ?? ''];
  const offending =
    evidence === undefined
      ? []
      : await engine.rows(
          evidence.sql,
          evidence.by.map((name) => row[name] ?? null),
        );
  return {
    code: `control/${control ?? ''}`,
    message: `control ${control ?? ''} fails for ${scope ?? ''} in ${(month ?? '').slice(0, 7)}`,
    excerpt: [{ expected, actual, difference, tolerance }, ...offending].map(rowText).join('\n'),
    remedy: CONTROL_REMEDY[control ?? ''] ?? 'nothing was published; see docs/controls.md for what this control compares',
  };
}

export function modelOf(context: RunContext, name: string): Model {
  const model = context.catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}
