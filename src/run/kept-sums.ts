// What the kept sums of a pipeline depend on beside its events: the models up to the sums, and the parameters that those read.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Catalog, neededFor } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { KeptUsage } from '../warehouse/kept-usage.js';
import { parameterTables, type Period } from './parameters.js';

const SUMS = 'rating.kept_sum';

export interface KeptSumsOf {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  readonly versions: string;
  readonly force: boolean;
}

export function keptSumsOf(run: KeptSumsOf): KeptUsage {
  const { stateDir, file } = run.pipeline;
  return new KeptUsage({
    lakeDir: join(stateDir, 'lake'),
    pipelineFile: file,
    identity: () => sumsIdentity(run),
    asOf: run.period.asOf,
    anew: run.force,
  });
}

/** Which months are published, and through which day, says nothing of the sum of a day that is over. */
export function sumsIdentity({ pipeline, catalog, period, versions }: Omit<KeptSumsOf, 'force'>): string {
  const names = neededFor([SUMS], catalog);
  const tables = Object.entries(parameterTables(pipeline, period))
    .filter(([name]) => names.has(name))
    .map(([name, rows]) =>
      JSON.stringify([name, rows.map(({ as_of: _, first_month: _first, last_month: _last, ...row }) => row)]),
    );
  const models = catalog.models.filter(({ name }) => names.has(name));
  const texts = models.map(({ name, tree, contract }) => JSON.stringify([name, tree, contract.columns]));
  return sha256([versions, catalog.macros, ...texts, ...tables]);
}

function sha256(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
