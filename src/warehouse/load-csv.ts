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
  const first = await firstLine(engine, path, name, compression).catch((error: unknown) => {
    throw explained(error, name);
  });
  if (first === null) return null;
  const line = first.text.replace(/^\uFEFF/, '').replace(/\r$/, '');
  const delimiter = delimiterOf(line);
  const header = headerCells(line, delimiter, name, first.place);
  return { path, name, compression, delimiter, header, blankLines: first.place - 1 };
}

interface FirstLine {
  readonly place: number;
  readonly text: string;
}

/** The first line that holds something. Where lines near it cannot be read, all are looked at: it may be one of those. */
async function firstLine(
  engine: Warehouse,
  path: string,
  name: string,
  compression: CsvFile['compression'],
): Promise<FirstLine | null> {
  const held = (more: string) =>
    `SELECT place, line FROM (SELECT row_number() OVER () AS place, line FROM read_csv(${literal(path)}, auto_detect=false, header=false, ` +
    `delim=chr(1), quote='', escape='', columns={'line': 'VARCHAR'}, compression=${literal(compression)}, max_line_size=${LONGEST}${more})) ` +
    String.raw`WHERE NOT regexp_full_match(line, '^(\x{FEFF})?\s*$')`;
  const ask = async (sql: string) => {
    const [row] = await engine.rows(`SELECT CAST(place AS VARCHAR) AS place, line FROM (${sql})`);
    return typeof row?.['place'] === 'string' ? { place: Number(row['place']), text: row['line'] ?? '' } : null;
  };
  try {
    return await ask(`${held('')} LIMIT 1`);
  } catch (error) {
    if (!(error instanceof EngineError) || error.message.includes(MIXED)) throw error;
  }
  await engine.run('DROP TABLE IF EXISTS top_reject; DROP TABLE IF EXISTS top_scan');
  const rejects = `, store_rejects=true, rejects_table='top_reject', rejects_scan='top_scan', rejects_limit=0`;
  const found = await ask(`SELECT min(place) AS place, arg_min(line, place) AS line FROM (${held(rejects)})`);
  const [broken] = await engine.rows('SELECT CAST(min(line) AS VARCHAR) AS line FROM top_reject');
  const line = Number(broken?.['line'] ?? Infinity);
  if (line <= (found?.place ?? Infinity) && line !== Infinity)
    throw refuse(
      name,
      line,
      'has a header that is not UTF-8, or of many megabytes',
      'write the file as UTF-8, with its header in the first line',
    );
  return found;
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

/** What the engine says of CR, LF and CRLF in one file: true, and of help to nobody. */
const MIXED = 'invalid state';

function explained(error: unknown, name: string): unknown {
  if (!(error instanceof EngineError) || !error.message.includes(MIXED)) return error;
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
