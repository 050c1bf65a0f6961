// A bill from any API that answers in pages of JSON: which lines it has, and what it says that they come to.
import { firstDay, monthOf, plusMonths } from '../kernel/period.js';
import type { JsonCostsSource, JsonLines, JsonPull } from '../pipeline/pipeline.js';
import { askedRow, rowOf, scaled } from './json-lines.js';
import { type JsonLine, linesAt, valueAt } from './json-path.js';
import { unitsBeyondReach, unitsToPull } from './json-pull.js';
import { type Json, textOf } from './json-text.js';
import { pagesIn } from './landed-pages.js';
import { readLanded, unusable } from './landed-text.js';
import { moneyOf } from './money-text.js';
import { landPlainFiles } from './plain-files.js';
import { landUnits } from './pulled-units.js';
import type { ControlTotal, LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

export async function land(request: LandRequest<JsonCostsSource>): Promise<Landing> {
  const { config } = request;
  const files = config.pull === null ? await landPlainFiles(request, config.files) : await landPulled(request, config.pull);
  // One after the other: of each the controls alone are kept.
  const controls: ControlTotal[] = [];
  for (const file of files) controls.push(...(await tabulate(file, config)).controls);
  return { files, controls };
}

async function landPulled(request: LandRequest<JsonCostsSource>, pull: JsonPull): Promise<readonly LandedFile[]> {
  const files = await landUnits(request, unitsToPull(request, pull), pull.every);
  const lost = await unitsBeyondReach(request, pull, files);
  const [first] = lost;
  if (first === undefined) return files;
  const which = lost.length === 1 ? `${first.key} was` : `${first.key} to ${lost.at(-1)?.key} (${lost.length}) were`;
  const message = `source \`${request.config.id}\`: ${which} never pulled to its end, and the API tells of the last ${pull.reachDays} days alone: what was spent then is not billed here`;
  request.listener({ kind: 'note', level: 'warning', message });
  return files;
}

export async function tabulate(file: LandedFile, { json, pull }: JsonCostsSource): Promise<Tabulation> {
  const { pages, asked: span } = pagesIn(await readLanded(file), file, {
    isPulled: pull !== null,
    isList: json.records === null,
  });
  const asked =
    span === null ? null : { ...span, until: pull?.every === 'month' ? firstDay(plusMonths(monthOf(span.from), 1)) : span.to };
  const lines = pages.flatMap((page) => linesOf(page, file, json)).map((line) => rowOf(line, json, asked));
  const rows = (asked === null ? lines : [...lines, askedRow(asked)]).map((line, at) => ({ row: String(at + 1), ...line }));
  const of = { sourceId: file.sourceId, scope: file.name } as const;
  const read: ControlTotal = { ...of, control: 'row_count', currency: null, expected: String(rows.length) };
  return { rows, controls: [read, ...statedTotals(pages, lines, file, json).map((stated) => ({ ...of, ...stated }))] };
}

function linesOf(page: Json, file: LandedFile, { records }: JsonLines): readonly JsonLine[] {
  const lines = linesAt(page, records);
  if (lines !== null) return lines;
  const what = records === null ? 'holds a page that is no list' : `holds a page without a list at \`${records}\``;
  throw unusable('user', file, what, 'correct `records`, or deliver the answers of the API as they are');
}

type Stated = Pick<ControlTotal, 'control' | 'currency' | 'expected'>;

/** What the provider says that all pages come to: on each of them, and everywhere the same. */
function statedTotals(pages: readonly Json[], lines: readonly TextRow[], file: LandedFile, json: JsonLines): readonly Stated[] {
  const { amount, count } = json.total;
  const stated = (path: string): string => {
    const [told = null, ...others] = new Set(pages.map((page) => textOf(valueAt(page, path))));
    if (others.length > 0) throw unusable('unavailable', file, `has pages with different totals at \`${path}\``, AGAIN);
    if (told !== null && moneyOf(told).reject === null) return told;
    const what =
      told === null ? `states no total at \`${path}\`` : `states a total at \`${path}\` that is no exact decimal: ${told}`;
    throw unusable('user', file, what, 'correct `total`, or leave it out');
  };
  const currency = (lines.find((line) => line['currency'] != null)?.['currency'] ?? json.constants.currency ?? '').toUpperCase();
  return [
    ...(amount === null
      ? []
      : [{ control: 'printed_total', currency, expected: scaled(stated(amount), json.amountUnit) } as const]),
    ...(count === null ? [] : [{ control: 'stated_count', currency: null, expected: stated(count) } as const]),
  ];
}

const AGAIN = 'costs changed while they were read: pull them again';
