// `showback sql`: a question to the published marts. The SQL is foreign: it runs in a child, on a snapshot, with nothing open.
import { type Command, Option } from 'commander';
import { type Io, painter } from './io.js';
import { parseCount, pipelineOption } from './options.js';
import { type PublishedOptions, placesOf, publishedWarehouse } from './published-run.js';
import { FORMATS, type Format, writerOf } from './sql-output.js';
import { runQuery } from './sql-query.js';

interface SqlOptions extends PublishedOptions {
  readonly format: Format;
  readonly limit?: number;
  readonly timeout: number;
}

/** Rows that are shown unless told otherwise: a table is for eyes, a file is for programs. */
const ROWS: Readonly<Record<Format, number>> = { table: 1000, csv: 1_000_000, json: 1_000_000 };
const MEMORY = '1GB';
const THREADS = 2;

const EXAMPLES = `
Examples:
  $ showback sql "select feature_name, sum(amount) as amount from showback_feature_month group by all order by 2 desc"
  $ showback sql --format csv "from unallocated_month" > unallocated.csv
  $ showback sql "show tables"
  $ showback sql "describe showback_feature_month"

Tables are the marts (docs/marts); the dialect is DuckDB. One SELECT at a time; files and network are closed.`;

export function addSql(program: Command, io: Io): void {
  program
    .command('sql')
    .description('ask the published marts with one SELECT, read-only')
    .argument('<select>', 'the query')
    .addOption(new Option('-f, --format <format>', 'how to print the answer').choices(FORMATS).default('table'))
    .addOption(
      new Option('--limit <rows>', 'most rows to print (default: 1000 as a table, else a million)').argParser(parseCount),
    )
    .addOption(new Option('--timeout <seconds>', 'longest time the query may take').argParser(parseCount).default(60))
    .addOption(pipelineOption().conflicts('out'))
    .option('--out <folder>', 'the published folder, instead of a pipeline')
    .option('--state <folder>', 'with --out: the state folder (default: .showback beside it)')
    .addHelpText('after', EXAMPLES)
    .action(async (sql: string, options: SqlOptions) => query(sql, options, io));
}

async function query(sql: string, options: SqlOptions, io: Io): Promise<void> {
  const warehousePath = await publishedWarehouse(await placesOf(options, io.cwd));
  const writer = writerOf(options.format, io.stdout, painter(io.stdout, io.env));
  const rows = options.limit ?? ROWS[options.format];
  const request = { warehousePath, sql, rows, seconds: options.timeout, memory: MEMORY, threads: THREADS };
  const { truncated } = await runQuery(request, io.sqlChild, writer);
  writer.end();
  if (truncated) io.stderr.write(`showback: only the first ${rows} rows are shown; --limit <rows> shows more\n`);
}
