// What a month is a function of, hashed: landed inputs, the pipeline, the models, the as-of day. Comments and places count for nothing,
// and neither does which months a run publishes together.
import { createHash } from 'node:crypto';
import type { Catalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import type { Day } from '../kernel/period.js';
import type { Books } from './books.js';
import type { Period } from './parameters.js';

export interface RunInputs {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly asOf: Day;
  readonly files: readonly LandedFile[];
  readonly controls: readonly ControlTotal[];
  readonly books: Books;
  /** Engine and program, so that an upgrade is a new run. */
  readonly versions: string;
}

/** The run's name: its as-of day and the first digits of what it is made of. `carried` tells the months that stay as published. */
export function runIdOf(fingerprint: string, period: Period, carried: readonly string[]): string {
  return `${period.asOf}-${hashOf([fingerprint, JSON.stringify(period), ...carried]).slice(0, 12)}`;
}

/** sha256, hexadecimal. Every month that is made of these inputs has the same bytes, whatever is published beside it. */
export function fingerprintOf(inputs: RunInputs): string {
  const files = inputs.files.map((file) => [file.sourceId, file.name, file.sha256, file.unit, file.delivery].join('\t')).sort();
  const controls = inputs.controls.map((total) => JSON.stringify(total)).sort();
  const closed = inputs.books.closed.map(({ lockSha256 }) => `closed ${lockSha256}`);
  const parts = [
    inputs.versions,
    inputs.asOf,
    meaningText(inputs.pipeline),
    ...modelTexts(inputs.catalog),
    ...files,
    ...controls,
    ...closed,
  ];
  return hashOf(parts);
}

/** Of rules, prices, registry and sources: whatever of the configuration has a say in a figure. */
export function rulesHash(pipeline: Pipeline): string {
  return hashOf([meaningText(pipeline)]);
}

/** Of the models and macros. */
export function modelsHash(catalog: Catalog): string {
  return hashOf(modelTexts(catalog));
}

function modelTexts({ macros, models }: Catalog): readonly string[] {
  const texts = models.map((model) => [model.name, model.tree, JSON.stringify(model.contract.columns)].join('\t'));
  return [macros.replace(/^--.*$/gm, ''), ...texts];
}

/** What of a pipeline has a say in a figure. */
export type Meaning = ReturnType<typeof meaningOf>;

/** The pipeline without what is of no figure. */
function meaningOf(pipeline: Pipeline) {
  const {
    file: _file,
    root: _root,
    stateDir: _state,
    outDir: _out,
    files: _files,
    retention: _retention,
    asOf: _asOf,
    lookBack: _window,
    engine: _engine,
    publish: _publish,
    close: _close,
    chargeback: _chargeback,
    ...meaning
  } = pipeline;
  return meaning;
}

function meaningText(pipeline: Pipeline): string {
  return contentText(meaningOf(pipeline));
}

/** As text, without places: where something stands says nothing of what it is. */
export function contentText(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => (key === 'place' ? undefined : inner));
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}
