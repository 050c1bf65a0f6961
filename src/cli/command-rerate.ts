// `showback rerate`: what months would have cost at other prices. Reads, and writes nothing.
import { type Command, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';
import type { PriceRow } from '../pipeline/pipeline.js';
import type { OtherPrices } from '../pipeline/price-book.js';
import type { Rerated, Unpriced } from '../run/api.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseDay, parseMonth, requestOf } from './options.js';
import { rerateLines } from './rerate-text.js';

interface RerateOptions {
  readonly from: Month;
  readonly to?: Month;
  readonly prices?: string;
  readonly layer: PriceRow['layer'];
  readonly replace?: boolean;
  readonly asOfBook?: Day;
  readonly details?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback rerate --from 2026-07 --to 2026-09 --prices offer.csv           an offer, asked before the list
  $ showback rerate --from 2026-09 --prices new-list.csv --layer list --replace --details
  $ showback rerate --from 2026-09 --as-of-book 2026-06-30                   the prices of June
  $ showback rerate nightly.yaml --from 2026-07 --prices offer.csv --json`;

export function addRerate(program: Command, io: Io): void {
  const command = program
    .command('rerate')
    .description('show what months would have cost at other prices, by feature; writes nothing');
  addPipelineArgument(command)
    .addOption(new Option('--from <YYYY-MM>', 'the first published month').argParser(parseMonth).makeOptionMandatory())
    .addOption(new Option('--to <YYYY-MM>', 'the last month (default: the first alone)').argParser(parseMonth))
    .option('--prices <csv>', 'a price book')
    .addOption(
      new Option('--layer <layer>', 'what the book is: asked first, or list prices')
        .choices(['negotiated', 'list'])
        .default('negotiated'),
    )
    .option('--replace', 'the book in place of all own books of its layer (default: beside them)')
    .addOption(
      new Option('--as-of-book <YYYY-MM-DD>', 'the own books without what is valid only from a later day').argParser(parseDay),
    )
    .option('--details', 'and by model and meter')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: RerateOptions) => {
      const told = await rerated(pipeline, options, io);
      io.stdout.write(options.json === true ? ndjson(told) : textOf(told, options, io));
      if (told.unpriced.length > 0) throw unpriced(told.unpriced);
    });
}

async function rerated(pipeline: string | undefined, options: RerateOptions, io: Io): Promise<Rerated> {
  const { scope: _, force: __, ...request } = await requestOf(pipeline, {}, io);
  const { from, to = from, prices: bookName = null } = options;
  const runs = await io.runs();
  return runs.reratePipeline({ ...request, from, to, bookName, prices: await otherPrices(options, io.cwd) });
}

async function otherPrices({ prices, layer, replace = false, asOfBook }: RerateOptions, cwd: string): Promise<OtherPrices> {
  if (prices === undefined && (asOfBook === undefined || replace)) {
    const message = 'there are no other prices to rate with';
    const remedy = 'name a book with --prices, or a day of the own books with --as-of-book';
    throw new Failure('user', [{ code: 'rerate/no-prices', message, remedy }]);
  }
  const asOf = asOfBook ?? null;
  if (prices === undefined) return { book: null, asOf };
  const { readPriceBook } = await import('../pipeline/price-book.js');
  return { book: { layer, rows: await readPriceBook(prices, cwd, layer), replaces: replace }, asOf };
}

/** Features, then models, then what has no price. */
function ndjson({ features, skus, unpriced: gaps }: Rerated): string {
  const lines = [
    ...features.map((row) => ({ kind: row.featureId === null ? 'month' : 'feature', ...row })),
    ...skus.map((row) => ({ kind: 'sku', ...row })),
    ...gaps.map((row) => ({ kind: 'unpriced', ...row })),
  ];
  return lines.map(jsonLine).join('');
}

function textOf(told: Rerated, { details }: RerateOptions, io: Io): string {
  const page = { width: io.stdout.columns(), paint: painter(io.stdout, io.env) };
  return `${rerateLines(told, details === true, page).join('\n')}\n`;
}

/** The figures stand, and lack these: who asked must not take them for whole. */
function unpriced(gaps: readonly Unpriced[]): Failure {
  return new Failure(
    'check',
    gaps.map(({ month, provider, model, meter, serviceTier, quantity }) => ({
      code: 'rerate/unpriced',
      message: `${provider} ${model} has no price of ${meter} (${serviceTier}) in ${month}: ${quantity.replace(/\.?0+$/, '')} were used`,
      remedy:
        'add a row to the book, or keep the own books beside it: until then its amounts are unknown, and what features bear of the month',
    })),
  );
}
