// What a run on Athena will scan, told before it begins. Logs are known by their size, as they are packed; models by what they scanned in the
// run before. Before the first run, what reads the evidence itself scans at most its size, and of models over models nothing is known.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Catalog, Model } from '../model/catalog.js';
import type { AthenaEngineConfig, Pipeline } from '../pipeline/pipeline.js';
import { type LandedSize, landedSizes } from '../source/landing.js';
import { byteText } from '../warehouse/athena-scans.js';
import { usedLakeBytes } from '../warehouse/lake-uses.js';
import type { ScanEstimate, ScanPart } from './api.js';
import { isTextLog } from './remote-landing.js';
import { type Measures, readMeasures } from './scan-measures.js';

/** One query makes rows of a log, and one counts its records. */
const READINGS = 2;

/** Null where nothing runs on Athena. Of what landed by now. */
export async function estimateScans(pipeline: Pipeline, catalog: Catalog): Promise<ScanEstimate | null> {
  const { engine, stateDir, name } = pipeline;
  if (engine.kind !== 'athena') return null;
  const sizes = await landedSizes(join(stateDir, 'landing'));
  const logs = sum(sizes.filter((size) => isLog(pipeline, size)));
  const measures = await readMeasures(stateDir, name);
  const load: ScanPart = { what: 'logs', bytes: READINGS * logs };
  const models = measures === null ? await readersOfEvidence(pipeline, catalog, sizes, logs) : measuredParts(measures);
  const parts = [load, ...models];
  return {
    bytes: totalOf(parts),
    known: totalOf(measures === null ? [load] : parts),
    basis: measures === null ? 'sizes' : 'measured',
    budget: engine.scanBudget,
    parts,
  };
}

/** Logs of one record a line go up as they landed, and lie in one folder a source: all of them are read, those that were replaced too. */
function isLog({ sources }: Pipeline, { source, name }: LandedSize): boolean {
  const config = sources.find(({ id }) => id === source);
  return config !== undefined && isTextLog(config, name);
}

function measuredParts(measures: Measures): readonly ScanPart[] {
  return byBytes([...measures].map(([what, bytes]) => ({ what, bytes })));
}

/** Events are at most as large as their log, and bills as the lake that is read of them here. */
async function readersOfEvidence(
  pipeline: Pipeline,
  catalog: Catalog,
  sizes: readonly LandedSize[],
  logs: number,
): Promise<readonly ScanPart[]> {
  const lake = await usedLakeBytes(join(pipeline.stateDir, 'lake'), pipeline.file);
  const bills = lake ?? sum(sizes.filter((size) => !isLog(pipeline, size)));
  const sizeOf = (read: string): number => (read === 'raw.usage_event' ? logs : bills);
  const readers = catalog.models.filter(({ contract }) => contract.build !== 'view');
  return byBytes(
    readers.map((model) => ({
      what: model.name,
      bytes: evidenceOf(model, catalog).reduce((total, read) => total + sizeOf(read), 0),
    })),
  );
}

/** The raw tables that a model reads, also through views: those of events scan nothing themselves. */
function evidenceOf({ reads }: Pick<Model, 'reads'>, catalog: Catalog): readonly string[] {
  return reads.flatMap((name) => {
    if (name.startsWith('raw.')) return [name];
    const view = catalog.models.find((model) => model.name === name && model.contract.build === 'view');
    return view === undefined ? [] : evidenceOf(view, catalog);
  });
}

function totalOf(parts: readonly ScanPart[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}

function byBytes(parts: readonly ScanPart[]): readonly ScanPart[] {
  return parts.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes || (a.what < b.what ? -1 : 1));
}

function sum(sizes: readonly LandedSize[]): number {
  return sizes.reduce((total, { bytes }) => total + bytes, 0);
}

/** Before the first query: nothing was paid yet. What is only known to be at most so much stops nothing. */
export function refuseOverBudget(estimate: ScanEstimate, { place }: AthenaEngineConfig): void {
  const { known, budget, basis, parts } = estimate;
  if (budget === null || known <= budget) return;
  const named = [...(basis === 'measured' ? parts : parts.slice(0, 1))].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  const most = named.map(({ what, bytes }) => `${what} ${byteText(BigInt(bytes))}`).join(', ');
  const how = basis === 'measured' ? 'about' : 'at least';
  const message = `the run would scan ${how} ${byteText(BigInt(known))}, more than its budget of ${byteText(BigInt(budget))}: ${most}`;
  const remedy =
    'raise `scan_budget_gb`; `showback plan` tells what is scanned, and `showback gc` removes logs that nobody needs';
  throw new Failure('user', [{ code: 'athena/budget', message, remedy, place }]);
}
