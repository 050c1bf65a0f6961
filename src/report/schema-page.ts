// The page of all configuration keys, made from the schemas that check the files and that editors complete from.
import { cellText, page, table } from './markdown.js';

/** As much of JSON Schema as the configuration is written in. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface ConfigurationFile {
  readonly name: string;
  readonly schema: Schema;
}

interface Key {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

export function schemaPage(files: readonly ConfigurationFile[]): string {
  return page('src/pipeline/spec-*.ts', [
    '# Configuration keys',
    `Every key of the configuration, from the schemas that check it and that editors complete from (\`pipelines/*.schema.json\`). What it is for:
[the pipeline file](pipeline.md). A key that is not here is an error, with its place.`,
    ...files.flatMap(({ name, schema }) => fileParts(name, schema)),
  ]);
}

function fileParts(name: string, schema: Schema): readonly string[] {
  const keys = keysOf(schema, '');
  const kinds = keys.flatMap((key) => variantsOf(key.schema).map((variant) => ({ path: `${key.path}[]`, variant })));
  const shared = Object.entries(schema.$defs ?? {}).filter(([, { properties }]) => properties !== undefined);
  return [
    `## ${name}`,
    keyTable(keys),
    ...kinds.flatMap(({ path, variant }) => [`### ${path} of ${labelOf(variant)}`, keyTable(keysOf(variant, ''))]),
    ...shared.flatMap(([def, inner]) => [`### ${def} in ${name}`, keyTable(keysOf(inner, ''))]),
  ];
}

/** Nested keys by their path; what comes in several kinds stays one key and has tables of its own. */
function keysOf(schema: Schema, prefix: string): readonly Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    const key = { path, schema: inner, required: schema.required?.includes(name) ?? false };
    const nested = inner.items === undefined ? keysOf(inner, `${path}.`) : keysOf(inner.items, `${path}[].`);
    return [key, ...nested];
  });
}

function variantsOf({ items }: Schema): readonly Schema[] {
  return items?.oneOf ?? [];
}

/** What tells the kinds of a list apart: the key that has one value, or few. */
function labelOf({ properties = {} }: Schema): string {
  const name = ['kind', 'method'].find((key) => properties[key] !== undefined) ?? '';
  return `${name} ${valuesOf(properties[name] ?? {}).join(', ')}`;
}

function keyTable(keys: readonly Key[]): string {
  const rows = keys.map(({ path, schema, required }) => [
    `\`${path}\``,
    cellText(typeOf(schema)),
    required ? 'yes' : standardOf(schema.default),
    cellText(schema.description ?? ''),
  ]);
  return table(['key', 'value', 'needed, or what holds without it', 'meaning'], rows);
}

function standardOf(value: unknown): string {
  const isEmpty = value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return isEmpty ? '' : `\`${JSON.stringify(value)}\``;
}

function typeOf(schema: Schema): string {
  const { items, anyOf, $ref, properties, additionalProperties, format, minimum, maximum } = schema;
  if ($ref !== undefined) return $ref.replace('#/$defs/', '');
  const values = valuesOf(schema);
  if (values.length > 0) return values.map((value) => `\`${value}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (items?.oneOf !== undefined) return 'list, see below';
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (typeof additionalProperties === 'object') return `any key: ${typeOf(additionalProperties)}`;
  if (properties !== undefined) return 'keys';
  const range = minimum === undefined || maximum === undefined ? '' : ` ${minimum} – ${maximum}`;
  return `${format ?? [schema.type ?? 'any'].flat().join(' or ')}${range}`;
}

/** As they are written in quotes: a tab is \t. */
function valuesOf(schema: Schema): readonly string[] {
  const values = schema.const === undefined ? (schema.enum ?? []) : [schema.const];
  return values.map((value) => JSON.stringify(String(value)).slice(1, -1));
}
