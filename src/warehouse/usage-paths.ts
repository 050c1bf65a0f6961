// Where the canonical fields are in a log: under their own name, or where the source's map says.
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';

/** A place in a record: keys from the outside in. */
export type FieldPath = readonly string[];

/** What a reader takes out of records: a field, or for a preset a key or column as it stands. */
export type TextName = UsageField | `raw_${number}`;

export type Places = ReadonlyMap<TextName, readonly FieldPath[]>;

/**
 * Fields that the log may carry, each with the places to look in, first found first. A dotted path is looked for as one key
 * with dots in it (OpenTelemetry attributes are written so) and as keys inside keys.
 */
export function fieldPaths(config: UsageSource): ReadonlyMap<UsageField, readonly FieldPath[]> {
  const wanted = USAGE_FIELDS.filter((field) => field !== 'stated_cost' || config.statedCost === 'provider');
  return new Map(wanted.map((field) => [field, placesOf(config.map[field] ?? field)]));
}

export function placesOf(path: string): readonly FieldPath[] {
  return path.includes('.') ? [[path], path.split('.')] : [[path]];
}

export function pointer(path: FieldPath): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Fields with a constant, which every record has. */
export function constantFields(config: UsageSource): readonly UsageField[] {
  return USAGE_FIELDS.filter((field) => config.constants[field] !== undefined);
}

/** The keys that the paths take in each object on their way, by the pointer to it. */
export function keysByContainer(paths: readonly FieldPath[]): ReadonlyMap<string, readonly string[]> {
  const steps = paths.flatMap((path) => path.map((key, at) => [pointer(path.slice(0, at)), key] as const));
  const containers = [...new Set(steps.map(([container]) => container))];
  return new Map(
    containers.map((each) => [each, [...new Set(steps.filter(([container]) => container === each).map(([, key]) => key))]]),
  );
}
