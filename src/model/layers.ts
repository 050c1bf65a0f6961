// The arrows between layers of sql/: money moves one way, from what landed to what people read.
import type { Problem } from '../kernel/failure.js';
import type { Macros } from './finding.js';
import type { SqlFile } from './lint.js';
import { charactersOf, placeOf } from './sql-text.js';
import { type TableRead, tablesRead } from './tables.js';

export interface LayeredModel extends SqlFile {
  readonly layer: string;
  readonly name: string;
}

/** What a layer may read besides itself and `run`. */
const MAY_READ: Readonly<Record<string, readonly string[]>> = {
  run: [],
  raw: [],
  staging: ['raw'],
  rating: ['staging'],
  allocation: ['staging', 'rating'],
  reconciliation: ['raw', 'staging', 'rating', 'allocation'],
  marts: ['raw', 'staging', 'rating', 'allocation', 'reconciliation'],
};

/** Every table read against the arrows, in all models at once. */
export function checkArrows(models: readonly LayeredModel[], macros: Macros): readonly Problem[] {
  return models.flatMap((model) => {
    if (MAY_READ[model.layer] === undefined) return [unknownLayer(model)];
    if (model.parsed.kind === 'error') return [];
    return tablesRead(model.parsed.tree, macros).flatMap((read) => breachOf(model, read) ?? []);
  });
}

function breachOf(model: LayeredModel, read: TableRead): Problem | null {
  const from = `${model.layer}.${model.name}`;
  const to = `${read.schema}.${read.table}`;
  const allowed = [model.layer, ...(MAY_READ[model.layer] ?? []), 'run'];
  if (read.schema === '') {
    return breach(
      model,
      read,
      'sql/unknown-table',
      `${read.table} is neither layer.table nor a CTE of this model`,
      'name the layer',
    );
  }
  if (from === to) return breach(model, read, 'sql/self-read', `${from} reads itself`, 'read what it is made of');
  if (allowed.includes(read.schema)) return null;
  const remedy = `${model.layer} reads ${allowed.join(', ')}; move the model, or what it needs, to the layer where it belongs`;
  return breach(model, read, 'sql/layer', `${from} reads ${to}: against the arrows`, remedy);
}

function breach(model: LayeredModel, read: TableRead, code: string, message: string, remedy: string): Problem {
  const at = read.at === null ? null : charactersOf(model.text, read.at);
  return { code, message, remedy, place: at === null ? { file: model.file } : placeOf(model.file, model.text, at) };
}

function unknownLayer(model: LayeredModel): Problem {
  const remedy = `move it to one of ${Object.keys(MAY_READ).join(', ')}`;
  return { code: 'sql/unknown-layer', message: `${model.layer} is not a layer`, remedy, place: { file: model.file } };
}
