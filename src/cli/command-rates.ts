// `showback rates`: which price is in force and why, and the list price book brought up to the public catalogue.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import { isDay } from '../kernel/period.js';
import type { PriceRow } from '../pipeline/pipeline.js';
import type { RatesQuery, ShownProvider, ShownRate } from '../pipeline/rates-show.js';
import type { ListRow, SyncResult } from '../pipeline/rates-sync.js';
import { counted, countText } from './figures-text.js';
import { type Io, type Paint, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { parseCount, parseDay, pipelineOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { type TableColumn, tableLines } from './table.js';

interface ShowOptions {
  readonly model: string;
  readonly on?: string;
  readonly provider?: string;
  readonly tier?: string;
  readonly region?: string;
  readonly promptTokens?: number;
  readonly pipeline?: string;
  readonly json?: boolean;
}

interface SyncOptions {
  readonly file: string;
  readonly on?: string;
  readonly dryRun?: boolean;
}

const SHOW_EXAMPLES = `
Examples:
  $ showback rates show --model gpt-4o --on 2026-09-01
  $ showback rates show --model claude-sonnet-4-5 --provider anthropic --tier batch
  $ showback rates show --model gemini-2.5-pro --prompt-tokens 250000 --json`;

const SYNC_EXAMPLES = `
Examples:
  $ showback rates sync                          append what the catalogue has and rates/list.csv has not
  $ showback rates sync --file my/list.csv --dry-run`;

export function addRates(program: Command, io: Io): void {
  const rates = program
    .command('rates')
    .description('show the price in force and why; bring the list price book up to date')
    .addHelpText('after', `${SHOW_EXAMPLES}\n  $ showback rates sync --dry-run`);
  rates
    .command('show')
    .description('show the price rows in force for a model, and why those')
    .requiredOption('-m, --model <name>', 'model or sku, as the logs name it')
    .addOption(new Option('--on <day>', 'a day, or a UTC moment 2026-09-01T12:30 (default: today)').argParser(parseMoment))
    .option('--provider <id>', 'this provider only')
    .option('--tier <tier>', 'service tier: standard, batch, flex, priority, …')
    .option('--region <region>', 'where the price depends on it')
    .addOption(new Option('--prompt-tokens <n>', 'length of the prompt, where the price depends on it').argParser(parseCount))
    .addOption(pipelineOption())
    .option('--json', 'one JSON object')
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (options: ShowOptions) => show(options, io));
  rates
    .command('sync')
    .description('append new prices of the public catalogue to the list price book; no row is ever edited')
    .option('--file <csv>', 'the list price book', 'rates/list.csv')
    .addOption(new Option('--on <day>', 'changes without a date count from this day (default: today)').argParser(parseDay))
    .option('--dry-run', 'tell what would be appended; write nothing')
    .addHelpText('after', SYNC_EXAMPLES)
    .action(async (options: SyncOptions) => sync(options, io));
}

function parseMoment(text: string): string {
  const moment = /^(\d{4}-\d{2}-\d{2})(?:T([01]\d|2[0-3]):[0-5]\d)?$/.exec(text);
  if (moment === null || !isDay(moment[1] ?? '')) throw new InvalidArgumentError('write it as 2026-09-01 or 2026-09-01T12:30.');
  return text;
}

async function show(options: ShowOptions, io: Io): Promise<void> {
  const [{ readPipeline }, { ratesShow }] = await Promise.all([
    import('../pipeline/read.js'),
    import('../pipeline/rates-show.js'),
  ]);
  const { prices, aliases } = await readPipeline(await findPipeline(options.pipeline, io.cwd));
  const query: RatesQuery = {
    provider: options.provider ?? null,
    model: options.model,
    on: options.on ?? today(io),
    serviceTier: options.tier,
    region: options.region,
    promptTokens: options.promptTokens,
  };
  const providers = ratesShow(prices, aliases, query);
  if (options.json === true) {
    io.stdout.write(jsonLine({ query, providers }));
    return;
  }
  if (providers.length === 0) throw unknownModel(query, prices);
  const paint = painter(io.stdout, io.env);
  const lines = providers.flatMap((provider, at) => [...(at === 0 ? [] : ['']), ...providerLines(provider, query, io, paint)]);
  io.stdout.write(`${lines.join('\n')}\n`);
}

function unknownModel(query: RatesQuery, prices: readonly PriceRow[]): Failure {
  const own = prices.filter((row) => query.provider === null || row.provider === query.provider);
  const message = `no price book knows ${query.model}${query.provider === null ? '' : ` of ${query.provider}`}`;
  const near = [...new Set(own.map((row) => row.sku))]
    .filter((sku) => sku.includes(query.model) || query.model.includes(sku))
    .slice(0, 5);
  const remedy =
    near.length > 0
      ? `known are ${near.join(', ')}`
      : 'add a row to a price book, or an alias; usage of it is unpriced until then';
  return new Failure('user', [{ code: 'rates/unknown-model', message, remedy }]);
}

const RATES: readonly TableColumn[] = [
  { title: 'meter', align: 'left' },
  { title: 'price', align: 'right' },
  { title: 'per', align: 'left' },
  { title: 'when', align: 'left' },
  { title: 'since', align: 'left' },
  { title: 'layer', align: 'left' },
  { title: 'place', align: 'left', shrinks: true, keep: 'end' },
];

function providerLines({ provider, match, rates }: ShownProvider, query: RatesQuery, io: Io, paint: Paint): readonly string[] {
  const how = match.how === 'exact' ? 'exact sku' : `sku ${match.sku} by ${match.how}: ${match.conditions.join(' and ')}`;
  const head = `${paint('bold', `${provider} ${query.model}`)} on ${query.on} (${how})`;
  if (rates.length === 0) return [head, 'no price in force: its usage is unpriced'];
  const lost = rates.flatMap(lostLines);
  return [
    head,
    ...tableLines(RATES, rates.map(rateCells), { width: io.stdout.columns(), paint }),
    ...(lost.length === 0 ? [] : [paint('dim', 'Passed over:'), ...lost.map((line) => paint('dim', line))]),
  ];
}

function rateCells({ meter, row }: ShownRate): readonly string[] {
  return [
    meter,
    `${row.price ?? 'ended'} ${row.currency}`,
    unitText(row),
    whenText(row),
    sinceText(row),
    row.layer,
    placeText(row),
  ];
}

function lostLines({ meter, lost }: ShownRate): readonly string[] {
  return lost.map(
    ({ row, why }) => `  ${meter} ${row.price ?? 'ended'} ${row.currency} since ${sinceText(row)} (${placeText(row)}): ${why}`,
  );
}

function unitText(row: PriceRow): string {
  return { 0: '1', 3: '1K', 6: '1M' }[row.unitExponent];
}

/** What the row is for, in words; a row for everything says so. */
function whenText(row: PriceRow): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const parts = [
    ...(row.serviceTier === '' || row.serviceTier === 'standard' ? [] : [row.serviceTier]),
    ...(row.region === '' ? [] : [row.region]),
    ...(row.promptOver === 0 ? [] : [`prompt > ${countText(row.promptOver)}`]),
    ...(row.minuteFrom === 0 && row.minuteTo === 1440 ? [] : [`${clock(row.minuteFrom)}–${clock(row.minuteTo)} UTC`]),
  ];
  return parts.length === 0 ? 'always' : parts.join(', ');
}

function sinceText(row: PriceRow): string {
  return row.validFrom.replace(/[T ]00:00:00$/, '');
}

function placeText(row: PriceRow): string {
  return `${row.place.file}:${row.place.line ?? 1}`;
}

async function sync(options: SyncOptions, io: Io): Promise<void> {
  const [{ syncListPrices }, { loadCatalogue }] = await Promise.all([
    import('../pipeline/rates-sync.js'),
    import('../pipeline/rates-catalogue.js'),
  ]);
  const path = resolve(io.cwd, options.file);
  const existing = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw unwritable(path, error);
  });
  const result = syncListPrices(existing, await loadCatalogue(), options.on ?? today(io));
  if (result.conflicts.length > 0) throw conflicting(result, options.file);
  const news = [...result.added, ...result.ended];
  if (news.length > 0 && options.dryRun !== true) await replace(path, result.csv);
  io.stdout.write(`${syncLines(options, result, news).join('\n')}\n`);
}

function syncLines(options: SyncOptions, result: SyncResult, news: readonly ListRow[]): readonly string[] {
  if (news.length === 0) return [`${options.file} is up to date`];
  const verb = options.dryRun === true ? 'would append' : 'appended';
  const ended = result.ended.length === 0 ? '' : `, ${countText(result.ended.length)} of them the end of a price`;
  return [
    `${options.file}: ${verb} ${counted(news.length, 'row')}${ended}`,
    ...news
      .slice(0, 20)
      .map(
        (row) => `  ${row.provider} ${row.sku} ${row.meter} ${row.price === '' ? 'ended' : row.price} since ${row.valid_from}`,
      ),
    ...(news.length > 20 ? [`  … ${news.length - 20} more`] : []),
  ];
}

async function replace(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.partial`, text, { flush: true });
    await rename(`${path}.partial`, path);
  } catch (error) {
    throw unwritable(path, error as NodeJS.ErrnoException);
  }
}

function unwritable(path: string, cause: NodeJS.ErrnoException): Failure {
  const message = `cannot read or write the price book (${cause.code ?? cause.message})`;
  return new Failure(
    'unavailable',
    [{ code: 'rates/file', message, remedy: 'check the path and its permissions', place: { file: path } }],
    {
      cause,
    },
  );
}

function conflicting(result: SyncResult, file: string): Failure {
  return new Failure(
    'check',
    result.conflicts.map((row) => ({
      code: 'rates/conflict',
      message: `the catalogue has ${row.price === '' ? 'no price' : row.price} for ${row.provider} ${row.sku} ${row.meter} from ${row.valid_from}; the book has another from that very day`,
      remedy: 'decide which is right: correct the book with a later row, or sync again tomorrow',
      place: { file },
    })),
  );
}

function today(io: Io): string {
  return io.now().toISOString().slice(0, 10);
}
