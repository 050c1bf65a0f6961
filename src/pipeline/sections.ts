// Reads a file by its schema section by section and entry by entry, so that one bad entry hides no other problem.
import { z } from 'zod';
import { problemsOf } from './issues.js';
import { suggest } from '../kernel/nearest.js';
import { problem, quoted, type Report } from './text.js';
import type { Path, YamlFile } from './yaml-places.js';

type Sections<S extends z.ZodObject> = { readonly [K in keyof z.output<S>]: z.output<S>[K] | undefined };

/**
 * Every section that could be read; `undefined` for one that could not. A list or mapping holds its good entries.
 * Entries that are objects are remembered by `file`, so that later checks can say where they are.
 */
export function readSections<S extends z.ZodObject>(schema: S, file: YamlFile, report: Report): Sections<S> | null {
  if (!file.readable) return null;
  const root = file.value;
  if (!isMapping(root)) {
    const keys = Object.keys(schema.shape).map((key) => `\`${key}:\``);
    report(problem('wrong-type', file.at([]), 'this file must be a mapping', `begin it with ${keys[0] ?? 'a key'}`));
    return null;
  }
  for (const key of Object.keys(root)) {
    if (!Object.hasOwn(schema.shape, key))
      report(problem('unknown-key', file.atKey([key]), `unknown key ${quoted(key)}`, suggest(key, Object.keys(schema.shape))));
  }
  const sections = Object.entries(schema.shape).map(([key, section]) => [
    key,
    readValue(section as z.ZodType, root[key], [key], file, report),
  ]);
  return Object.fromEntries(sections) as Sections<S>;
}

function readValue(schema: z.ZodType, value: unknown, path: Path, file: YamlFile, report: Report): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value) && value.length > 0) {
    const element = inner.element as z.ZodType;
    const entries = value.map((entry, index) => readValue(element, entry, [...path, index], file, report));
    return entries.filter((entry) => entry !== undefined);
  }
  if (inner instanceof z.ZodRecord && isMapping(value)) {
    const entries = Object.entries(value).map(([key, entry]) => [
      key,
      readValue(inner.valueType as z.ZodType, entry, [...path, key], file, report),
    ]);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    for (const issue of result.error.issues)
      for (const found of problemsOf(issue, file, path, keysAt(schema, value, issue.path))) report(found);
    return undefined;
  }
  if (typeof result.data === 'object' && result.data !== null) file.remember(result.data, path);
  return result.data;
}

/** The keys that the schema knows at a path of the value: for `did you mean`. */
function keysAt(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): readonly string[] {
  const inner = unwrap(schema);
  const [first, ...rest] = path;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const { discriminator } = inner.def;
    const chosen = inner.options.find(
      (option) =>
        option instanceof z.ZodObject &&
        accepts(option.shape[discriminator], isMapping(value) ? value[discriminator] : undefined),
    );
    return chosen === undefined ? [] : keysAt(chosen as z.ZodType, value, path);
  }
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysAt(option as z.ZodType, value, path));
  if (inner instanceof z.ZodArray && typeof first === 'number')
    return keysAt(inner.element as z.ZodType, Array.isArray(value) ? value[first] : undefined, rest);
  if (inner instanceof z.ZodRecord) return inner.keyType instanceof z.ZodEnum ? inner.keyType.options.map(String) : [];
  if (!(inner instanceof z.ZodObject)) return [];
  if (first === undefined) return Object.keys(inner.shape);
  const next = (inner.shape as Readonly<Record<string, z.ZodType>>)[String(first)];
  return next === undefined ? [] : keysAt(next, isMapping(value) ? value[String(first)] : undefined, rest);
}

function accepts(schema: unknown, value: unknown): boolean {
  return schema instanceof z.ZodType && schema.safeParse(value).success;
}

/** What is below defaults and options. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.out as z.ZodType);
  return schema;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
