// What must come out of a file, counted without the readers: naive, and null where only a real parser could say.
import { parse } from 'csv-parse/sync';

/** Lines of a log that hold anything: each is a record, loaded or rejected. */
export function jsonLines(bytes: Buffer): number {
  const text = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  return text.split('\n').filter((line) => !/^[ \t\r\n\v\f]*$/.test(line)).length;
}

/** Lines below the header. */
export function csvLines(bytes: Buffer): number | null {
  const text = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  const body = text.replace(/^(?:[ \t\v\f]*(?:\r\n|\n|\r))+/, '');
  if (!body.includes('"')) return body === '' ? 0 : body.split(/\r\n|\n|\r/).filter((line) => line !== '').length - 1;
  try {
    const options = { relax_column_count: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n', '\r'] };
    return (parse(body, options) as unknown as readonly unknown[]).length - 1;
  } catch {
    return null;
  }
}

/** Lines of an invoice that charge: below the header, not the total, with an amount or a period. */
export function invoiceLines(bytes: Buffer): number | null {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (text.replace(/"egress, far"/g, '').includes('"')) return null;
  const rows = text
    .replace(/"egress, far"/g, 'egress')
    .split(/\r\n|\n|\r/)
    .map((line) => line.split(',').map((cell) => cell.trim()));
  const at = rows.findIndex((row) => ['Invoice', 'From', 'To', 'Item', 'Amount'].every((name) => row.includes(name)));
  const header = rows[at] ?? [];
  const cell = (row: readonly string[], name: string) => row[header.indexOf(name)] ?? '';
  const isCharge = (row: readonly string[]) =>
    row.slice(header.length).some((extra) => extra !== '') ||
    (cell(row, 'Item').toLowerCase() !== 'total' && ['Amount', 'From', 'To'].some((name) => cell(row, name) !== ''));
  return rows.slice(at + 1).filter(isCharge).length;
}

interface Times {
  readonly keys: readonly string[];
  readonly shape: RegExp;
}

export const OPENAI: Times = { keys: ['start_time', 'end_time'], shape: /^\d{9,11}$/ };
export const ANTHROPIC: Times = {
  keys: ['starting_at', 'ending_at'],
  shape: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i,
};

/**
 * Amounts of a cost dump in order, one a result, null for a result without a readable one. A bucket without readable times
 * is one line, whatever it holds: the gate of a run stops at it. Null: no JSON.
 */
export function dumpAmounts(bytes: Buffer, times: Times): readonly (number | null)[] | null {
  return dumped(bytes, times, (result) => [amountOf(result)]);
}

/** Amounts of every result of every bucket, whatever its times are; a bucket without a list is one line that nobody can read. */
export function listedAmounts(bytes: Buffer): readonly (number | null)[] | null {
  const amounts = (bucket: unknown) => {
    const results = isObject(bucket) ? bucket['results'] : undefined;
    if (Array.isArray(results)) return (results as readonly unknown[]).map((result) => amountOf(result));
    return results === null ? [] : [null];
  };
  return bucketsIn(bytes)?.flatMap((bucket) => amounts(bucket)) ?? null;
}

/** Figures of a dump of usage in order: every number of a result, or of what it holds. */
export function dumpFigures(bytes: Buffer, times: Times): readonly (number | null)[] | null {
  return dumped(bytes, times, (result) => {
    const figures = isObject(result) ? figuresOf(result, true) : [];
    return figures.length === 0 ? [null] : figures;
  });
}

type Values = (result: unknown) => readonly (number | null)[];

function dumped(bytes: Buffer, times: Times, values: Values): readonly (number | null)[] | null {
  return bucketsIn(bytes)?.flatMap((bucket) => valuesOf(bucket, times, values)) ?? null;
}

function bucketsIn(bytes: Buffer): readonly unknown[] | null {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const documents = whole(text) ?? text.split('\n').flatMap((line) => (line.trim() === '' ? [] : (whole(line) ?? [undefined])));
  if (documents.includes(undefined)) return null;
  const pages = documents.flatMap((document) => document) as readonly { readonly data?: readonly unknown[] }[];
  return pages.flatMap((page) => page.data ?? []);
}

function whole(text: string): readonly unknown[] | null {
  try {
    return [JSON.parse(text) as unknown];
  } catch {
    return null;
  }
}

function valuesOf(bucket: unknown, { keys, shape }: Times, values: Values): readonly (number | null)[] {
  const isTimed = isObject(bucket) && keys.every((key) => shape.test(String(bucket[key])));
  const results = isTimed ? bucket['results'] : undefined;
  if (!Array.isArray(results) || results.length === 0) return [null];
  return (results as readonly unknown[]).flatMap(values);
}

function amountOf(result: unknown): number | null {
  const amount = isObject(result) ? result['amount'] : undefined;
  const value = isObject(amount) ? amount['value'] : amount;
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : null;
}

const WHOSE = ['model', 'project_id', 'batch', 'service_tier', 'workspace_id', 'context_window', 'inference_geo'];

function figuresOf(object: Readonly<Record<string, unknown>>, isOuter: boolean): readonly (number | null)[] {
  return Object.entries(object).flatMap(([name, value]) => {
    if (isOuter && isObject(value) && !Array.isArray(value)) return figuresOf(value, false);
    if (value === null || name.endsWith('_id') || (isOuter && WHOSE.includes(name))) return [];
    const isNamed = /_(tokens|requests|bytes|sessions)$|^(images|characters|seconds)$/.test(name);
    const isDigits = typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value);
    return typeof value === 'number' || isNamed || isDigits ? [Number(value)] : [];
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
