// The answer of a query as Parquet or Arrow, with its types: a DECIMAL stays one, digit for digit. The engine that ran the query can
// write no file, so this side does: the rows come as text and become columns in an engine, or a library, that sees no foreign SQL.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { ArrowWriter } from '../publish/arrow.js';
import { identifier, literal } from '../warehouse/sql-quote.js';
import { type Cell, type Column, EngineError, type Warehouse } from '../warehouse/warehouse.js';
import type { Scratch } from './sql-confined.js';
import type { Destination } from './sql-destination.js';
import type { AnswerWriter } from './sql-output.js';

type Cells = readonly Cell[];

/** Rows that become one record batch, or one insert. */
const ROWS_AT_ONCE = 10_000;
const TEXT_AT_ONCE = 16_000_000;
const MEMORY = '1GB';

const TYPED =
  /^(DECIMAL\(\d{1,2},\d{1,2}\)|BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT)|DOUBLE|FLOAT|DATE|TIMESTAMP( WITH TIME ZONE)?)$/;

/** A type that both formats have, exact; all else stands as its text. Parquet would make a DOUBLE of a HUGEINT. */
function columnarType(type: string): string {
  if (/^U?HUGEINT$/.test(type)) return 'DECIMAL(38,0)';
  if (/^TIMESTAMP_M?S$/.test(type)) return 'TIMESTAMP';
  return TYPED.test(type) ? type : 'VARCHAR';
}

export function arrowAnswer(destination: Destination, form: 'file' | 'stream'): AnswerWriter {
  let writer: ArrowWriter | null = null;
  return gathered({
    columns: async (columns) => {
      const { arrowWriter } = await import('../publish/arrow.js');
      writer = await arrowWriter(form, columns, destination.write);
    },
    rows: async (rows) => {
      await writer?.rows(rows).catch((error: unknown) => {
        throw noPlace(error instanceof Error ? error.message : String(error), error);
      });
    },
    end: async () => writer?.end(),
  });
}

export function parquetAnswer(destination: Destination, { dir }: Scratch): AnswerWriter {
  let engine: Warehouse | null = null;
  // In the table by number: names of an answer may differ in case alone.
  let columns: readonly Column[] = [];
  const numbered = (): readonly string[] => columns.map((_, at) => `c${at}`);
  return gathered({
    columns: async (told) => {
      columns = told;
      const { openDuckDb } = await import('../warehouse/duckdb.js');
      engine = await openDuckDb({ memoryLimit: MEMORY, tempDirectory: join(dir, 'spilled') });
      await engine.run(`CREATE TABLE answer (${columns.map(({ type }, at) => `c${at} ${type}`).join(', ')})`);
    },
    rows: async (rows) => {
      await engine?.insert('answer', numbered(), rows).catch((error: unknown) => {
        throw error instanceof EngineError && error.exceptionType === 'Conversion' ? noPlace(error.message, error) : error;
      });
    },
    end: async () => {
      const path = join(dir, 'answer.parquet');
      const named = columns.map(({ name }, at) => `c${at} AS ${identifier(name)}`).join(', ');
      await engine?.run(`COPY (SELECT ${named} FROM answer) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
      await engine?.[Symbol.asyncDispose]();
      for await (const bytes of createReadStream(path)) await destination.write(bytes as Uint8Array);
    },
  });
}

/** Types made columnar, and rows in portions of a size that a file likes. */
function gathered(writer: AnswerWriter): AnswerWriter {
  let [waiting, text]: [Cells[], number] = [[], 0];
  const flush = async (): Promise<void> => {
    const rows = waiting;
    [waiting, text] = [[], 0];
    if (rows.length > 0) await writer.rows(rows);
  };
  return {
    columns: async (columns: readonly Column[]) =>
      writer.columns(columns.map(({ name, type }) => ({ name, type: columnarType(type) }))),
    rows: async (rows) => {
      for (const row of rows) {
        waiting.push(row);
        text += row.reduce((sum, cell) => sum + (cell?.length ?? 0), 0);
        if (waiting.length >= ROWS_AT_ONCE || text >= TEXT_AT_ONCE) await flush();
      }
    },
    end: async () => {
      await flush();
      await writer.end();
    },
  };
}

function noPlace(reason: string, cause: unknown): Failure {
  const message = `a value of the answer has no place in this format: ${reason.split('\n')[0] ?? ''}`;
  const remedy = 'make it text in the query: CAST(value AS VARCHAR)';
  return new Failure('user', [{ code: 'sql/value', message, remedy }], { cause });
}
