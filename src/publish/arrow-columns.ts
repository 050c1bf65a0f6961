// How a column of texts lies in an Arrow file: its type, and its values digit for digit.
import type * as Library from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';

export interface ArrowColumn {
  readonly name: string;
  /** As the engine spells it: `DECIMAL(38,12)`. */
  readonly type: string;
}

export type Cells = readonly (string | null)[];
export type Arrow = typeof Library;

/** How one column is laid out: its type, the width of a value and where a value's text goes. */
interface Layout {
  readonly type: DataType;
  readonly values: (cells: Cells) => ArrayBufferView;
}

const MOST_TEXTS = 10_000;
const MICROSECONDS_OF_DAY = 86_400_000_000n;

/** Throws where a text is no value of its column's type. */
export function dataOf(arrow: Arrow, column: ArrowColumn, cells: Cells): Data {
  const nullBitmap = validity(cells);
  const nullCount = cells.reduce((count, cell) => (cell === null ? count + 1 : count), 0);
  const shared = { length: cells.length, nullCount, nullBitmap };
  if (column.type === 'VARCHAR') {
    const { offsets, bytes } = utf8(cells);
    return arrow.makeData({ type: new arrow.Utf8(), ...shared, valueOffsets: offsets, data: bytes });
  }
  const { type, values } = layoutOf(arrow, column);
  // The maker's overloads tell types apart that a table of columns cannot know.
  return arrow.makeData({ type, ...shared, data: values(cells) } as never);
}

function layoutOf(arrow: Arrow, { name, type }: ArrowColumn): Layout {
  const layout =
    decimalLayout(arrow, type) ?? integerLayout(arrow, type) ?? momentLayout(arrow, type) ?? plainLayout(arrow, type);
  if (layout === null) throw new Error(`column ${name}: ${type} has no place in an Arrow file`);
  return layout;
}

function decimalLayout(arrow: Arrow, type: string): Layout | null {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal === null) return null;
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
  return { type: new arrow.Decimal(scale, precision, 128), values: (cells) => limbs(cells, precision, scale) };
}

function integerLayout(arrow: Arrow, type: string): Layout | null {
  const small = (made: DataType, to: (numbers: readonly number[]) => ArrayBufferView, least: bigint, most: bigint): Layout => ({
    type: made,
    values: (cells) => to(cells.map((cell) => Number(whole(cell, least, most)))),
  });
  switch (type) {
    case 'TINYINT':
      return small(new arrow.Int8(), (numbers) => Int8Array.from(numbers), -(2n ** 7n), 2n ** 7n - 1n);
    case 'SMALLINT':
      return small(new arrow.Int16(), (numbers) => Int16Array.from(numbers), -(2n ** 15n), 2n ** 15n - 1n);
    case 'INTEGER':
      return small(new arrow.Int32(), (numbers) => Int32Array.from(numbers), -(2n ** 31n), 2n ** 31n - 1n);
    case 'UTINYINT':
      return small(new arrow.Uint8(), (numbers) => Uint8Array.from(numbers), 0n, 2n ** 8n - 1n);
    case 'USMALLINT':
      return small(new arrow.Uint16(), (numbers) => Uint16Array.from(numbers), 0n, 2n ** 16n - 1n);
    case 'UINTEGER':
      return small(new arrow.Uint32(), (numbers) => Uint32Array.from(numbers), 0n, 2n ** 32n - 1n);
    case 'BIGINT':
      return {
        type: new arrow.Int64(),
        values: (cells) => BigInt64Array.from(cells, (cell) => whole(cell, -(2n ** 63n), 2n ** 63n - 1n)),
      };
    case 'UBIGINT':
      return {
        type: new arrow.Uint64(),
        values: (cells) => BigUint64Array.from(cells, (cell) => whole(cell, 0n, 2n ** 64n - 1n)),
      };
    default:
      return null;
  }
}

function momentLayout(arrow: Arrow, type: string): Layout | null {
  const micros = (cells: Cells): ArrayBufferView => BigInt64Array.from(cells, microseconds);
  switch (type) {
    case 'DATE':
      return {
        type: new arrow.DateDay(),
        values: (cells) => Int32Array.from(cells, (cell) => Number(microseconds(cell) / MICROSECONDS_OF_DAY)),
      };
    case 'TIMESTAMP':
      return { type: new arrow.TimestampMicrosecond(), values: micros };
    case 'TIMESTAMP WITH TIME ZONE':
      return { type: new arrow.TimestampMicrosecond('UTC'), values: micros };
    default:
      return null;
  }
}

function plainLayout(arrow: Arrow, type: string): Layout | null {
  switch (type) {
    case 'BOOLEAN':
      return { type: new arrow.Bool(), values: bits };
    case 'DOUBLE':
      // Of a binary fraction the text is the shortest that reads back as the same.
      return { type: new arrow.Float64(), values: (cells) => Float64Array.from(cells, (cell) => Number(cell ?? 0)) };
    case 'FLOAT':
      return { type: new arrow.Float32(), values: (cells) => Float32Array.from(cells, (cell) => Number(cell ?? 0)) };
    default:
      return null;
  }
}

/** One bit a row, least significant first; a set bit is a value. */
function validity(cells: Cells): Uint8Array {
  return bitmap(cells, (cell) => cell !== null);
}

function bits(cells: Cells): Uint8Array {
  return bitmap(cells, (cell) => {
    if (cell !== null && cell !== 'true' && cell !== 'false') throw new Error(`no BOOLEAN: ${cell}`);
    return cell === 'true';
  });
}

function bitmap(cells: Cells, isSet: (cell: string | null) => boolean): Uint8Array {
  const map = new Uint8Array(Math.ceil(cells.length / 8));
  cells.forEach((cell, row) => {
    if (isSet(cell)) map[row >> 3] = (map[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return map;
}

/** Most columns tell a few texts again and again: each is encoded once. */
function utf8(cells: Cells): { readonly offsets: Int32Array; readonly bytes: Uint8Array } {
  const encoded = new Map<string, Buffer>();
  const partOf = (text: string): Buffer => {
    const known = encoded.get(text) ?? Buffer.from(text, 'utf8');
    if (encoded.size < MOST_TEXTS) encoded.set(text, known);
    return known;
  };
  const parts = cells.map((cell) => partOf(cell ?? ''));
  const offsets = new Int32Array(cells.length + 1);
  let end = 0;
  for (const [row, part] of parts.entries()) offsets[row + 1] = end += part.byteLength;
  const bytes = Buffer.concat(parts, end);
  return { offsets, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Two's complement of the value without its point, the least significant word first. */
function limbs(cells: Cells, precision: number, scale: number): Uint32Array {
  const halves = new BigUint64Array(cells.length * 2);
  const limit = 10n ** BigInt(precision);
  for (const [row, cell] of cells.entries()) {
    if (cell === null) continue;
    const value = unscaled(cell, scale);
    if (value >= limit || value <= -limit) throw new Error(`no DECIMAL(${precision},${scale}): ${cell}`);
    halves[row * 2] = BigInt.asUintN(64, value);
    halves[row * 2 + 1] = BigInt.asUintN(64, value >> 64n);
  }
  return new Uint32Array(halves.buffer);
}

function unscaled(text: string, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (match === null || fraction.length > scale) throw new Error(`no DECIMAL of scale ${scale}: ${text}`);
  const magnitude = BigInt(`${match[2]}${fraction.padEnd(scale, '0')}`);
  return match[1] === '-' ? -magnitude : magnitude;
}

function whole(cell: string | null, least: bigint, most: bigint): bigint {
  if (cell === null) return 0n;
  const value = /^-?\d+$/.test(cell) ? BigInt(cell) : null;
  if (value === null || value < least || value > most) throw new Error(`no integer from ${least} to ${most}: ${cell}`);
  return value;
}

/** `2026-09-01` or `2026-09-01 12:30:00.123456`, UTC with or without `+00`, since 1970. */
function microseconds(cell: string | null): bigint {
  if (cell === null) return 0n;
  const match = /^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?)?$/.exec(cell);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`) / 1000;
  if (Number.isNaN(seconds)) throw new Error(`no DATE or TIMESTAMP: ${cell}`);
  return BigInt(seconds) * 1_000_000n + BigInt((match?.[3] ?? '').padEnd(6, '0'));
}
