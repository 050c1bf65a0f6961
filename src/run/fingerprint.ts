// What a run is a function of, hashed: landed inputs, the pipeline, the models, the as-of day. Comments and places count for nothing.
import { createHash } from 'node:crypto';
import type { Catalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import type { Period } from './parameters.js';

export interface RunInputs {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  readonly files: readonly LandedFile[];
  readonly controls: readonly ControlTotal[];
  /** Hashes of months carried over from the run that is published now. */
  readonly carried: readonly string[];
  /** Engine and program, so that an upgrade is a new run. */
  readonly versions: string;
}

/** The run's name: its as-of day and the first digits of its fingerprint. Equal inputs, equal name. */
export function runIdOf(inputs: RunInputs): string {
  return `${inputs.period.asOf}-${fingerprintOf(inputs).slice(0, 12)}`;
}

/** sha256, hexadecimal. */
export function fingerprintOf(inputs: RunInputs): string {
  const files = inputs.files.map((file) => [file.sourceId, file.name, file.sha256, file.unit, file.delivery].join('\t')).sort();
  const controls = inputs.controls.map((total) => JSON.stringify(total)).sort();
  const models = inputs.catalog.models.map((model) =>
    [model.name, model.tree, JSON.stringify(model.contract.columns)].join('\t'),
  );
  const { file: _file, root: _root, stateDir: _state, outDir: _out, files: _files, ...meaning } = inputs.pipeline;
  const parts = [
    inputs.versions,
    JSON.stringify(inputs.period),
    JSON.stringify(meaning, (key, value: unknown) => (key === 'place' ? undefined : value)),
    inputs.catalog.macros.replace(/^--.*$/gm, ''),
    ...models,
    ...files,
    ...controls,
    ...inputs.carried,
  ];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
