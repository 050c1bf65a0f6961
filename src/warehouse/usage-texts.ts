// From the texts that a reader takes out of records to the fields that they are, as SQL, whatever the format: by their own or mapped names,
// for gateways as their preset says, and a constant where a record has nothing.
import { READ_FIELDS } from '../kernel/usage-event.js';
import { isPreset } from '../kernel/usage-formats.js';
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import { headsOf, presetTexts } from './preset-texts.js';
import { literal } from './sql-quote.js';
import { constantFields, type FieldPath, fieldPaths, type Places } from './usage-paths.js';
import { PRESETS, type Preset } from './usage-presets.js';
import { inOrder } from './usage-sql.js';

export interface FieldTexts {
  /** SELECT of `file`, `row`, `broken` and `fields`, as text. */
  readonly sql: string;
  readonly fields: readonly UsageField[];
  /** SELECT of `file`, `why` and `records` of what is no usage; null where all of it is. */
  readonly leftOut: string | null;
}

/** What a reader has to take out of records. */
export function textPlaces(config: UsageSource, fields: readonly UsageField[] = USAGE_FIELDS): Places {
  const preset = presetOf(config);
  if (preset !== null) return presetTexts(preset, config, null, fields).places;
  return new Map([...fieldPaths(config)].filter(([field]) => fields.includes(field)));
}

/** Where what is read of every record lies. */
export function readPaths(config: UsageSource): readonly FieldPath[] {
  return [...textPlaces(config, READ_FIELDS).values()].flat();
}

/** Where the id of a record is. */
export function idPaths(config: UsageSource): readonly FieldPath[] {
  const preset = presetOf(config);
  return preset === null ? (fieldPaths(config).get('event_id') ?? []) : headsOf('event_id', preset, config);
}

/** `sql`: a SELECT of `file`, `row`, `broken` and those of the places that were found. */
export function fieldTexts(sql: string, found: Places, config: UsageSource): FieldTexts {
  const preset = presetOf(config);
  if (preset === null)
    return withConstants({ sql, fields: USAGE_FIELDS.filter((field) => found.has(field)), leftOut: null }, config);
  const texts = presetTexts(preset, config, found);
  return withConstants({ sql: texts.usage(sql), fields: texts.fields, leftOut: texts.leftOut(sql) }, config);
}

function presetOf({ format }: UsageSource): Preset | null {
  return isPreset(format) && format !== 'otlp' ? PRESETS[format] : null;
}

/** A constant stands in wherever a record has nothing. */
export function withConstants({ sql, fields, leftOut }: FieldTexts, config: UsageSource): FieldTexts {
  const constants = constantFields(config);
  const all = inOrder(new Set([...fields, ...constants]));
  if (constants.length === 0) return { sql, fields: all, leftOut };
  const kept = fields.filter((field) => !constants.includes(field));
  const filled = constants.map((field) => {
    const value = literal(config.constants[field] ?? '');
    return `${fields.includes(field) ? `coalesce(nullif(${field}, ''), ${value})` : value} AS ${field}`;
  });
  return { sql: `SELECT ${['file', 'row', 'broken', ...kept, ...filled].join(', ')} FROM (${sql})`, fields: all, leftOut };
}
