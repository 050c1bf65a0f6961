// `showback sql`: a question to the published marts. The SQL is foreign: it runs in a child, on a snapshot, with nothing open.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Io, type Output, type Paint, painter } from './io.js';
import { parseCount, pipelineOption } from './options.js';
import { type PublishedOptions, placesOf, publishedWarehouse } from './published-run.js';
import { openScratch, type Scratch } from './sql-confined.js';
import { glossaryWriter } from './sql-describe.js';
import { bounded, type Destination, openDestination } from './sql-destination.js';
import { FORMATS, type Format, formatOf, writerOf } from './sql-format.js';
import { type LimitOptions, limitsOf, parseMemory, parseSize, STANDARD_MEMORY_MB, STANDARD_SECONDS } from './sql-limits.js';
import type { AnswerWriter } from './sql-output.js';
import { type RowSink, runQuery } from './sql-query.js';
import { type Asked, askedBy, MARTS, noMart } from './sql-question.js';
import { tooManyRows } from './sql-refusal.js';

interface SqlOptions extends PublishedOptions, LimitOptions {
  readonly file?: string;
  readonly param: readonly (readonly [string, string])[];
  readonly format?: Format;
  readonly output?: string;
}

const EXAMPLES = `
Examples:
  $ showback sql .tables
  $ showback sql .describe showback_feature_month
  $ showback sql "select feature_name, sum(amount) as amount from showback_feature_month group by all order by 2 desc"
  $ showback sql "from unallocated_month where billing_month = \\$month" --param month=2026-09
  $ showback sql --file costs.sql --output costs.parquet
  $ showback sql --format csv - < costs.sql > costs.csv

Tables are the marts (docs/marts); the dialect is DuckDB. One SELECT at a time; files and network are closed.
Formats by the ending of --output: .csv .json .ndjson .parquet .arrow (file) .arrows (stream) .txt (table). See docs/sql.md.`;

export function addSql(program: Command, io: Io): void {
  program
    .command('sql')
    .description('ask the published marts with one SELECT, read-only')
    .argument('[query...]', 'the query, or .tables, or .describe <mart>, or - for standard input')
    .option('--file <file>', 'the query is in this file (- for standard input)')
    .addOption(
      new Option('--param <name=value>', 'value of $name in the query, or of $1; as often as needed')
        .argParser(parseParameter)
        .default([], 'none'),
    )
    .addOption(new Option('-f, --format <format>', 'how to write the answer (default: by --output, else table)').choices(FORMATS))
    .option('-o, --output <file>', 'write to this file, whole or not at all')
    .addOption(
      new Option('--limit <rows>', 'most rows (default: 1000 in a table, else an error beyond 1 million)').argParser(parseCount),
    )
    .addOption(
      new Option('--timeout <seconds>', 'longest time the query may take').argParser(parseCount).default(STANDARD_SECONDS),
    )
    .addOption(
      new Option('--memory <size>', 'most memory for the query').argParser(parseMemory).default(STANDARD_MEMORY_MB, '1GB'),
    )
    .addOption(new Option('--size <size>', 'largest answer (default: 64MB in a table, else 1GB)').argParser(parseSize))
    .addOption(pipelineOption().conflicts('out'))
    .option('--out <folder>', 'the published folder, instead of a pipeline')
    .option('--state <folder>', 'with --out: the state folder (default: .showback beside it)')
    .addHelpText('after', EXAMPLES)
    .action(async (words: readonly string[], options: SqlOptions) => query(words, options, io));
}

async function query(words: readonly string[], options: SqlOptions, io: Io): Promise<void> {
  const format = formatOf(options.format, options.output, io.stdout.isTTY);
  const asked = await askedBy(words, options, io);
  const places = await placesOf(options, io.cwd);
  const warehousePath = await publishedWarehouse(places);
  const limits = limitsOf(format === 'table', options);
  using scratch = await openScratch();
  await using file = await openDestination(options.output, places, io);
  const destination = bounded(file, limits.bytes);
  const writer = await answerWriter(asked, format, { destination, scratch, output: options.output, io });
  const ask = async (sink: RowSink, { question }: Pick<Asked, 'question'>) =>
    runQuery({ warehousePath, question, limits, program: io.sqlChild, scratch }, sink);
  const told = counting(writer);
  const { truncated } = await ask(told, asked);
  if (asked.kind === 'mart' && told.seen() === 0) throw noMart(asked.mart, await martNames(ask));
  await writer.end();
  if (truncated && format !== 'table' && options.limit === undefined) throw tooManyRows(limits.rows);
  await file.finish();
  if (truncated) io.stderr.write(`showback: only the first ${limits.rows} rows are shown; --limit <rows> shows more\n`);
}

interface Answering {
  readonly destination: Destination;
  readonly scratch: Scratch;
  readonly output: string | undefined;
  readonly io: Io;
}

async function answerWriter(
  asked: Asked,
  format: Format,
  { destination, scratch, output, io }: Answering,
): Promise<AnswerWriter> {
  const shown: Output | null = output === undefined ? io.stdout : null;
  const terminal = shown?.isTTY === true ? { columns: shown.columns() } : null;
  const paint: Paint = shown === null ? (_, text) => text : painter(shown, io.env);
  if (asked.kind !== 'query' && format === 'table') return glossaryWriter(destination, terminal, paint);
  return writerOf(format, { destination, terminal, paint, scratch });
}

function counting(sink: RowSink): RowSink & { readonly seen: () => number } {
  let seen = 0;
  return {
    columns: sink.columns,
    rows: async (rows) => {
      seen += rows.length;
      await sink.rows(rows);
    },
    seen: () => seen,
  };
}

async function martNames(ask: (sink: RowSink, asked: Pick<Asked, 'question'>) => Promise<unknown>): Promise<readonly string[]> {
  const names: string[] = [];
  const sink: RowSink = {
    columns: async () => undefined,
    rows: async (rows) => void names.push(...rows.map(([name]) => name ?? '')),
  };
  await ask(sink, { question: { sql: MARTS, parameters: [], name: '.tables' } });
  return names;
}

function parseParameter(text: string, before: SqlOptions['param']): SqlOptions['param'] {
  const match = /^\$?([A-Za-z_]\w*|[1-9]\d*)=(.*)$/s.exec(text);
  if (match === null) throw new InvalidArgumentError('a parameter is written as month=2026-09.');
  return [...before, [match[1] ?? '', match[2] ?? '']];
}
