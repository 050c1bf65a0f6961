// Arrow IPC of rows of text. The file format: `tableFromIPC`, pyarrow, pandas and polars all open it, and it can be memory-mapped;
// the stream format for pipes. The library loads on first use: runs that publish no Arrow never pay for it.
import { setImmediate } from 'node:timers/promises';
import type { Data, RecordBatch, Schema } from 'apache-arrow';
import { type Arrow, type ArrowColumn, type Cells, dataOf } from './arrow-columns.js';

/**
 * `cells`: those of each column. Throws where a text is no value of its column's type, and at binary fractions: what is published has
 * none.
 */
export async function arrowBytes(
  columns: readonly ArrowColumn[],
  cells: readonly Cells[],
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const inexact = columns.find(({ type }) => type === 'DOUBLE' || type === 'FLOAT');
  if (inexact !== undefined)
    throw new Error(`column ${inexact.name}: ${inexact.type} has no place in an Arrow file that is published`);
  const arrow = await import('apache-arrow');
  const schema = schemaOf(arrow, columns, metadata);
  return arrow.tableToIPC(new arrow.Table(schema, [await batchOf(arrow, schema, columns, cells)]), 'file');
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
      const made = await Promise.race([next, setImmediate(null)]);
      if (made === null || made.done === true) return;
      next = null;
      await write(made.value);
    }
  };
  writer.reset(undefined, schema);
  return {
    rows: async (rows) => {
      const cells = columns.map((_, at) => rows.map((row) => row[at] ?? null));
      writer.write(await batchOf(arrow, schema, columns, cells));
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

/** Between columns others have their turn: of many rows each takes a while. */
async function batchOf(
  arrow: Arrow,
  schema: Schema,
  columns: readonly ArrowColumn[],
  cells: readonly Cells[],
): Promise<RecordBatch> {
  const children: Data[] = [];
  for (const [at, column] of columns.entries()) {
    children.push(dataOf(arrow, column, cells[at] ?? []));
    await setImmediate();
  }
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length: cells[0]?.length ?? 0, nullCount: 0, children }));
}
