// Rows of text → Arrow → the same rows, digit for digit.
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrowBytes } from '../../../src/publish/arrow.js';

type Cell = string | null;

/** The exact text of a decimal of the given scale. */
const decimal = (precision: number, scale: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }).map((value) => {
    const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
    const [whole, fraction] = [digits.slice(0, digits.length - scale), digits.slice(digits.length - scale)];
    return `${value < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${fraction}`}`;
  });

const moment = fc.date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true });
const day = moment.map((at) => at.toISOString().slice(0, 10));
const timestamp = fc
  .tuple(moment, fc.integer({ min: 1, max: 999_999 }))
  .map(([at, micros]) => `${at.toISOString().slice(0, 19).replace('T', ' ')}.${String(micros).padStart(6, '0')}`);

const COLUMNS: readonly { readonly name: string; readonly type: string; readonly cell: fc.Arbitrary<string> }[] = [
  { name: 'amount', type: 'DECIMAL(38,12)', cell: decimal(38, 12) },
  { name: 'rounded', type: 'DECIMAL(18,2)', cell: decimal(18, 2) },
  { name: 'whole', type: 'DECIMAL(9,0)', cell: decimal(9, 0) },
  { name: 'events', type: 'BIGINT', cell: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  { name: 'days', type: 'INTEGER', cell: fc.integer().map(String) },
  { name: 'passed', type: 'BOOLEAN', cell: fc.boolean().map(String) },
  { name: 'usage_date', type: 'DATE', cell: day },
  { name: 'at', type: 'TIMESTAMP', cell: timestamp },
  { name: 'customer', type: 'VARCHAR', cell: fc.string({ unit: 'grapheme' }) },
];

/** What a reader of the file gets, as the text that went in. */
function textOf(value: unknown, type: string, scale: number, raw: unknown): Cell {
  if (value === null) return null;
  if (type.startsWith('DECIMAL')) return decimalText(value as Uint32Array, scale);
  if (type === 'DATE') return new Date(Number(value)).toISOString().slice(0, 10);
  if (type === 'TIMESTAMP') return microsText(raw as bigint);
  return String(value);
}

function decimalText(limbs: Uint32Array, scale: number): string {
  const bits = limbs.reduceRight((sum, limb) => (sum << 32n) | BigInt(limb), 0n);
  const value = BigInt.asIntN(128, bits);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${value < 0n ? '-' : ''}${digits.slice(0, at)}${scale === 0 ? '' : `.${digits.slice(at)}`}`;
}

function microsText(micros: bigint): string {
  const seconds = (micros - (((micros % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return `${text}.${String(micros - seconds * 1_000_000n).padStart(6, '0')}`;
}

function readBack(bytes: Uint8Array): readonly (readonly Cell[])[] {
  const table = tableFromIPC(bytes);
  return Array.from({ length: table.numRows }, (_, row) =>
    COLUMNS.map((column, at) => {
      const vector = table.getChildAt(at);
      const scale = Number(/,(\d+)\)/.exec(column.type)?.[1] ?? 0);
      const raw: unknown = vector?.data[0]?.values[row];
      return textOf(vector?.get(row) ?? null, column.type, scale, raw);
    }),
  );
}

const columnsOf = (rows: readonly (readonly Cell[])[]): readonly (readonly Cell[])[] =>
  COLUMNS.map((_, at) => rows.map((row) => row[at] ?? null));

describe('an Arrow file', () => {
  it('holds what went in, over random rows with nulls and negatives', async () => {
    const row = fc.tuple(...COLUMNS.map((column) => fc.option(column.cell, { freq: 5 })));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), async (rows) => {
        expect(readBack(await arrowBytes(COLUMNS, columnsOf(rows), {}))).toEqual(rows);
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the edges of every type', async () => {
    const nines = '99999999999999999999999999.999999999999';
    const low = [`-${nines}`, '-9999999999999999.99', '-999999999', '-9223372036854775808', '-2147483648', 'false'];
    const high = [nines, '9999999999999999.99', '999999999', '9223372036854775807', '2147483647', 'true'];
    const rows = [
      [...low, '1969-12-31', '1969-12-31 23:59:59.999999', ''],
      [...high, '2099-12-31', '2099-12-31 00:00:00.000001', '=1+1 <script> \u202e 🧾'],
      COLUMNS.map(() => null),
    ];
    expect(readBack(await arrowBytes(COLUMNS, columnsOf(rows), {}))).toEqual(rows);
  });

  it('carries its metadata, its column types, and the same bytes every time', async () => {
    const columns = COLUMNS.map(({ name, type }) => ({ name, type }));
    const bytes = await arrowBytes(columns, [], { mart: 'team', schema_version: '1' });
    const { schema } = tableFromIPC(bytes);
    expect(Object.fromEntries(schema.metadata)).toEqual({ mart: 'team', schema_version: '1' });
    expect(schema.fields.map((field) => String(field.type))).toEqual([
      'Decimal[38e+12]',
      'Decimal[18e+2]',
      'Decimal[9e0]',
      'Int64',
      'Int32',
      'Bool',
      'Date32<DAY>',
      'Timestamp<MICROSECOND>',
      'Utf8',
    ]);
    expect(Buffer.from(bytes).subarray(0, 6).toString()).toBe('ARROW1');
    expect(await arrowBytes(columns, [], { mart: 'team', schema_version: '1' })).toEqual(bytes);
  });

  it.each([
    ['DECIMAL(5,2)', '1000.00'],
    ['DECIMAL(5,2)', '0.001'],
    ['DECIMAL(5,2)', '1e3'],
    ['BIGINT', '9223372036854775808'],
    ['INTEGER', '2147483648'],
    ['BOOLEAN', 'yes'],
    ['DATE', '2026-13-01'],
    ['DOUBLE', '0.1'],
  ])('refuses %s %s instead of storing something near it', async (type, cell) => {
    await expect(arrowBytes([{ name: 'x', type }], [[cell]], {})).rejects.toThrow(/^no |has no place/);
  });
});
