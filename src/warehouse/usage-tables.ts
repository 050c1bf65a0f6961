// Logs that are tables: which column holds what is read.
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import { isPreset } from '../kernel/usage-formats.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { constant, identifier, literal } from './sql-quote.js';
import type { FieldPath, Places, TextName } from './usage-paths.js';
import { PRESETS } from './usage-presets.js';
import { fieldTexts, textPlaces } from './usage-texts.js';
import type { Warehouse } from './warehouse.js';

export const NOTHING = 'SELECT CAST(NULL AS BIGINT) AS row, false AS broken WHERE false';

export interface TableTexts {
  readonly places: Places;
  /** SELECT of `file`, `row`, `broken` and what is at the places, as text. */
  readonly text: string;
}

export function textsOf(file: LandedFile, records: string, values: readonly string[]): string {
  return `SELECT ${[`${constant(file.name)} AS file`, 'row', 'broken', ...values].join(', ')} FROM (${records})`;
}

/** `records`: a SELECT of `row`, `broken` and the cells `c0`, `c1`, …, in the order of the header. */
export function csvTexts(file: LandedFile, header: readonly string[], places: Places, records: string): string {
  const values = [...places].map(([field, [path]]) => `c${header.indexOf(path?.[0] ?? '')} AS ${field}`);
  return textsOf(file, records, values);
}

export async function parquetTexts(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<TableTexts> {
  const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
  const described = await engine.describe(`SELECT * FROM ${source}`);
  const types = new Map(described.filter(({ name }) => name !== 'file_row_number').map(({ name, type }) => [name, type]));
  const places = await pathsIn(engine, source, [...types.keys()], file, config);
  const values = [...places].map(([field, [path = []]]) => {
    const value = path.map(identifier).join('.');
    return `CAST(${isOpened(field, types.get(path[0] ?? '')) ? `to_json(${value})` : value} AS VARCHAR) AS ${field}`;
  });
  return { places, text: textsOf(file, `SELECT file_row_number + 1 AS row, false AS broken, * FROM ${source}`, values) };
}

/** A preset looks into structures as into JSON. */
function isOpened(field: TextName, type = ''): boolean {
  return field.startsWith('raw_') && /^(STRUCT|MAP)|\[\d*\]$/.test(type);
}

/** Field → the column that holds it. A log without a time is a map that is wrong, and is said so at once. */
export function columnsIn(header: readonly string[], file: LandedFile, config: UsageSource): Places {
  const places = new Map<TextName, readonly FieldPath[]>();
  for (const [field, paths] of textPlaces(config)) {
    const path = paths.find((each) => each.length === 1 && header.includes(each[0] ?? ''));
    if (path !== undefined) places.set(field, [path]);
  }
  const twice = header.find(
    (name, at) => header.indexOf(name) !== at && [...places.values()].some(([path]) => path?.[0] === name),
  );
  if (twice !== undefined)
    throw headerFailure(file, `has two columns \`${twice}\``, 'rename one of them, or map the field to another column');
  requireTime(places, header, file, config);
  return places;
}

async function pathsIn(
  engine: Warehouse,
  source: string,
  columns: readonly string[],
  file: LandedFile,
  config: UsageSource,
): Promise<Places> {
  const places = new Map<TextName, readonly FieldPath[]>();
  for (const [field, candidates] of textPlaces(config)) {
    for (const path of candidates) {
      if (places.has(field) || !columns.includes(path[0] ?? '')) continue;
      const found =
        path.length === 1 ||
        (await engine.describe(`SELECT ${path.map(identifier).join('.')} FROM ${source}`).then(
          () => true,
          () => false,
        ));
      if (found) places.set(field, [path]);
    }
  }
  requireTime(places, columns, file, config);
  return places;
}

function timeNameOf({ format }: UsageSource): string {
  return isPreset(format) && format !== 'otlp' ? (PRESETS[format].fields.event_time?.[0] ?? 'event_time') : 'event_time';
}

function requireTime(places: Places, columns: readonly string[], file: LandedFile, config: UsageSource): void {
  if (fieldTexts(NOTHING, places, config).fields.includes('event_time')) return;
  const wanted = config.map['event_time'] ?? timeNameOf(config);
  const near = nearest(wanted, columns);
  throw headerFailure(
    file,
    `has no column \`${wanted}\``,
    near === null ? 'map `event_time` to the column that holds the time' : `did you mean \`${near}\`?`,
  );
}

function headerFailure(file: LandedFile, what: string, remedy: string): Failure {
  return new Failure('user', [
    { code: 'source/columns', message: `\`${file.name}\` ${what}`, remedy, place: { file: file.name, line: 1 } },
  ]);
}
