// Arrow IPC of rows of text. The file format: `tableFromIPC`, pyarrow, pandas and polars all open it, and it can be memory-mapped;
// the stream format for pipes. The library loads on first use: runs that publish no Arrow never pay for it.
import type { RecordBatch, Schema } from 'apache-arrow';
import { type Arrow, type ArrowColumn, type Cells, dataOf } from './arrow-columns.js';

/** Throws where a text is no value of its column's type, and at binary fractions: what is published has none. */
export async function arrowBytes(
  columns: readonly ArrowColumn[],
  rows: readonly Cells[],
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const inexact = columns.find(({ type }) => type === 'DOUBLE' || type === 'FLOAT');
  if (inexact !== undefined)
    throw new Error(`column ${inexact.name}: ${inexact.type} has no place in an Arrow file that is published`);
  const arrow = await import('apache-arrow');
  const schema = schemaOf(arrow, columns, metadata);
  return arrow.tableToIPC(new arrow.Table(schema, [batchOf(arrow, schema, columns, rows)]), 'file');
}

export interface ArrowWriter {
  /** One record batch. */
  readonly rows: (rows: readonly Cells[]) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Rows to bytes as they come: nothing but the batch at hand is in memory. */
export async function arrowWriter(
  form: 'file' | 'stream',
  columns: readonly ArrowColumn[],
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<ArrowWriter> {
  const arrow = await import('apache-arrow');
  const schema = schemaOf(arrow, columns, {});
  const writer = form === 'file' ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
  const written = writer[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Uint8Array>> | null = null;
  /** Hands on what the library has made until now. */
  const flush = async (): Promise<void> => {
    for (;;) {
      next ??= written.next();
      const made = await Promise.race([next, new Promise<null>((resolve) => setImmediate(resolve, null))]);
      if (made === null || made.done === true) return;
      next = null;
      await write(made.value);
    }
  };
  writer.reset(undefined, schema);
  return {
    rows: async (rows) => {
      writer.write(batchOf(arrow, schema, columns, rows));
      await flush();
    },
    end: async () => {
      writer.finish();
      await flush();
    },
  };
}

function schemaOf(arrow: Arrow, columns: readonly ArrowColumn[], metadata: Readonly<Record<string, string>>): Schema {
  const fields = columns.map((column) => new arrow.Field(column.name, dataOf(arrow, column, []).type, true));
  return new arrow.Schema(fields, new Map(Object.entries(metadata)));
}

function batchOf(arrow: Arrow, schema: Schema, columns: readonly ArrowColumn[], rows: readonly Cells[]): RecordBatch {
  const cellsAt = (at: number): Cells => rows.map((row) => row[at] ?? null);
  const children = columns.map((column, at) => dataOf(arrow, column, cellsAt(at)));
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length: rows.length, nullCount: 0, children }));
}
