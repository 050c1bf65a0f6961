// CSV through the engine's reader, every cell as text. Columns go by position, so that a header may hold anything.
import { parse } from 'csv-parse/sync';
import { Failure } from '../kernel/failure.js';
import { literal } from './sql-quote.js';
import { EngineError, type Warehouse } from './warehouse.js';

export interface CsvFile {
  readonly path: string;
  /** What people are shown. */
  readonly name: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly delimiter: string;
  readonly header: readonly string[];
  /** Above the header. */
  readonly blankLines: number;
}

/** Longest line, in bytes. The engine's own limit is 2 MB, which a tag or a note can pass. */
const LONGEST = 16_000_000;

export function compressionOf(name: string): CsvFile['compression'] {
  if (/\.gz$/i.test(name)) return 'gzip';
  return /\.zst(d)?$/i.test(name) ? 'zstd' : 'none';
}

/** Header and delimiter of a file, or null where it is empty. Lines above the header that hold nothing are passed over. */
export async function openCsv(engine: Warehouse, path: string, name: string): Promise<CsvFile | null> {
  const compression = compressionOf(name);
  // As bytes, so that a header that is not UTF-8 is seen, and is not passed over for the line below it.
  const lines =
    `SELECT row_number() OVER () AS place, line FROM read_csv(${literal(path)}, auto_detect=false, header=false, delim=chr(1), quote='', ` +
    `escape='', columns={'line': 'VARCHAR'}, encoding='latin-1', compression=${literal(compression)}, max_line_size=${LONGEST}, ignore_errors=true)`;
  const blank = String.raw`'^(\xEF\xBB\xBF)?\s*$'`;
  const [first] = await engine
    .rows(`SELECT CAST(place AS VARCHAR) AS place, line FROM (${lines}) WHERE NOT regexp_full_match(line, ${blank}) LIMIT 1`)
    .catch((error: unknown) => {
      throw explained(error, name);
    });
  if (first === undefined) return null;
  const place = Number(first['place']);
  const line = headerText(first['line'] ?? '', name, place);
  const delimiter = delimiterOf(line);
  const header = headerCells(line, delimiter, name, place);
  return { path, name, compression, delimiter, header, blankLines: place - 1 };
}

function headerText(bytes: string, name: string, line: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1')).replace(/\r$/, '');
  } catch {
    throw refuse(name, line, 'has a header that is not UTF-8', 'write the file as UTF-8');
  }
}

function headerCells(line: string, delimiter: string, name: string, place: number): readonly string[] {
  if (line.includes('\u0000')) throw refuse(name, place, 'has NUL bytes in its header', 'write the file as UTF-8, not as UTF-16');
  try {
    const [header] = parse(line, { delimiter, relax_quotes: true });
    return (header ?? []).map((cell) => cell.trim());
  } catch {
    throw refuse(name, place, 'has a header with a quote that is not closed in its line', 'write the header in one line');
  }
}

/** The sign that stands most often in the header outside quotes. */
function delimiterOf(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  const count = (sign: string) => bare.split(sign).length - 1;
  return [',', ';', '\t', '|'].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

/** Lines as columns `c0`, `c1`, … in order; a line that does not fit throws. */
export function strictLines(file: CsvFile): string {
  return `SELECT row_number() OVER () AS row, false AS broken, * FROM ${reader(file, '')}`;
}

/**
 * The same with the lines that do not fit, as rows that say only that. The reader numbers the good lines among themselves;
 * each broken one pushes those after it down by one.
 */
export async function tolerantLines(engine: Warehouse, file: CsvFile): Promise<string> {
  const rejects = `store_rejects=true, rejects_table='csv_reject', rejects_scan='csv_scan', rejects_limit=0`;
  await engine.run('DROP TABLE IF EXISTS csv_reject; DROP TABLE IF EXISTS csv_scan');
  await engine
    .run(`CREATE OR REPLACE TEMP TABLE csv_line AS SELECT row_number() OVER () AS place, * FROM ${reader(file, rejects)}`)
    .catch((error: unknown) => {
      throw explained(error, file.name);
    });
  const [cut] = await engine.rows(
    `SELECT CAST(min(line) AS VARCHAR) AS line FROM csv_reject WHERE error_type = 'UNQUOTED VALUE' AND csv_line NOT LIKE '%"%"%'`,
  );
  if (cut?.['line'] !== null && cut?.['line'] !== undefined) {
    throw new UnclosedQuote(cut['line']);
  }
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE csv_broken AS SELECT row_number() OVER (ORDER BY line) AS number, CAST(line AS BIGINT) - 1 AS row ' +
      'FROM (SELECT DISTINCT line FROM csv_reject)',
  );
  const columns = file.header.map((_, at) => `c${at}`);
  const pushed = '(SELECT count(*) FROM csv_broken AS broken WHERE broken.row - broken.number + 1 <= csv_line.place)';
  return [
    `SELECT place + ${pushed} AS row, false AS broken, ${columns.join(', ')} FROM csv_line`,
    `SELECT row, true AS broken, ${columns.map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(', ')} FROM csv_broken ORDER BY row`,
  ].join(' UNION ALL ');
}

/** A quoted cell that never ends swallows every line after it: the file is cut, or worth nothing. */
export class UnclosedQuote extends Error {
  override readonly name = 'UnclosedQuote';
  readonly line: string;

  constructor(line: string) {
    super(`a quote that is opened in line ${line} is never closed`);
    this.line = line;
  }
}

function refuse(name: string, line: number, what: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'source/csv', message: `\`${name}\` ${what}`, remedy, place: { file: name, line } }]);
}

/** What the engine says of CR, LF and CRLF in one file is true and helps nobody. */
function explained(error: unknown, name: string): unknown {
  if (!(error instanceof EngineError) || !error.message.includes('invalid state')) return error;
  return refuse(name, 1, 'has lines that end in different ways (CR, LF, CRLF)', 'write it with one kind of line end');
}

function reader(file: CsvFile, more: string): string {
  const columns = file.header.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  const options = [
    `auto_detect=false, header=true, skip=${file.blankLines}, quote='"', escape='"', nullstr='', strict_mode=true, delim=${literal(file.delimiter)}`,
    `columns={${columns}}`,
    `compression=${literal(file.compression)}, max_line_size=${LONGEST}`,
    ...(more === '' ? [] : [more]),
  ];
  return `read_csv(${literal(file.path)}, ${options.join(', ')})`;
}
