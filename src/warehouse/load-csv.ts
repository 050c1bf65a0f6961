// CSV through the engine's reader, every cell as text. Columns go by position, so that a header may hold anything.
import { parse } from 'csv-parse/sync';
import { literal } from './sql-quote.js';
import type { Warehouse } from './warehouse.js';

export interface CsvFile {
  readonly path: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly delimiter: string;
  readonly header: readonly string[];
}

/** Longest line, in bytes. The engine's own limit is 2 MB, which a tag or a note can pass. */
const LONGEST = 16_000_000;

export function compressionOf(name: string): CsvFile['compression'] {
  if (/\.gz$/i.test(name)) return 'gzip';
  return /\.zst(d)?$/i.test(name) ? 'zstd' : 'none';
}

/** Header and delimiter of a file, or null where it is empty. */
export async function openCsv(engine: Warehouse, path: string, name: string): Promise<CsvFile | null> {
  const compression = compressionOf(name);
  const [first] = await engine.rows(
    `SELECT line FROM read_csv(${literal(path)}, auto_detect=false, header=false, delim=chr(1), quote='', escape='', columns={'line': 'VARCHAR'}, ` +
      `compression=${literal(compression)}, max_line_size=${LONGEST}, ignore_errors=true) LIMIT 1`,
  );
  const line = (first?.['line'] ?? '').replace(/^\uFEFF/, '').replace(/\r$/, '');
  if (line.trim() === '') return null;
  const delimiter = delimiterOf(line);
  const [header] = parse(line, { delimiter, relax_quotes: true });
  return { path, compression, delimiter, header: (header ?? []).map((cell) => cell.trim()) };
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
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE csv_line AS SELECT row_number() OVER () AS place, * FROM ${reader(file, rejects)}`,
  );
  const [cut] = await engine.rows(
    `SELECT CAST(min(line) AS VARCHAR) AS line FROM csv_reject WHERE error_type = 'UNQUOTED VALUE' AND csv_line NOT LIKE '%"%"%'`,
  );
  if (cut?.['line'] !== null && cut?.['line'] !== undefined) throw new UnclosedQuote(cut['line']);
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

function reader(file: CsvFile, more: string): string {
  const columns = file.header.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  const options = [
    `auto_detect=false, header=true, quote='"', escape='"', nullstr='', strict_mode=true, delim=${literal(file.delimiter)}`,
    `columns={${columns}}`,
    `compression=${literal(file.compression)}, max_line_size=${LONGEST}`,
    ...(more === '' ? [] : [more]),
  ];
  return `read_csv(${literal(file.path)}, ${options.join(', ')})`;
}
