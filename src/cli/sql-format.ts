// The formats of an answer, how one is chosen and who writes it.
import { extname } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Paint } from './io.js';
import type { Scratch } from './sql-confined.js';
import type { Destination } from './sql-destination.js';
import { type AnswerWriter, csvWriter, jsonWriter, ndjsonWriter, tableWriter, type Terminal } from './sql-output.js';

export const FORMATS = ['table', 'csv', 'json', 'ndjson', 'parquet', 'arrow', 'arrow-stream'] as const;
export type Format = (typeof FORMATS)[number];

const ENDINGS: Readonly<Record<string, Format>> = {
  '.txt': 'table',
  '.csv': 'csv',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.arrows': 'arrow-stream',
};
const IS_TEXT: Readonly<Record<Format, boolean>> = {
  table: true,
  csv: true,
  json: true,
  ndjson: true,
  parquet: false,
  arrow: false,
  'arrow-stream': false,
};

/** What was said, else what the name of the file says, else a table. */
export function formatOf(format: Format | undefined, output: string | undefined, isTerminal: boolean): Format {
  const chosen = format ?? ENDINGS[extname(output ?? '').toLowerCase()] ?? 'table';
  if (IS_TEXT[chosen] || output !== undefined || !isTerminal) return chosen;
  const message = `${chosen} is no text, and this is a terminal`;
  const remedy = 'name a file with --output, or pipe it to a program';
  throw new Failure('user', [{ code: 'sql/output', message, remedy }]);
}

export interface Writing {
  readonly destination: Destination;
  readonly terminal: Terminal;
  readonly paint: Paint;
  readonly scratch: Scratch;
}

/** What writes columns with types loads when it is asked for. */
export async function writerOf(format: Format, { destination, terminal, paint, scratch }: Writing): Promise<AnswerWriter> {
  switch (format) {
    case 'table':
      return tableWriter(destination, terminal, paint);
    case 'csv':
      return csvWriter(destination, terminal);
    case 'json':
      return jsonWriter(destination);
    case 'ndjson':
      return ndjsonWriter(destination);
    case 'parquet':
      return (await import('./sql-columnar.js')).parquetAnswer(destination, scratch);
    case 'arrow':
      return (await import('./sql-columnar.js')).arrowAnswer(destination, 'file');
    case 'arrow-stream':
      return (await import('./sql-columnar.js')).arrowAnswer(destination, 'stream');
    default:
      return format satisfies never;
  }
}
