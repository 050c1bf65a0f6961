// What a figure of an explanation is, in one line.
import type { Explained, Figure, FigureKind } from '../explain/api.js';
import { countText, minorDigits, moneyText } from './figures-text.js';
import { titleOfCause } from './bridge-text.js';

type Facts = Figure['facts'];

type Asked = Pick<Explained, 'grain' | 'where'>;

/** One line a kind, from what is known of the figure. */
const SAID: Readonly<Record<FigureKind, (figure: Figure, asked: Asked) => string>> = {
  total: ({ facts }) => `${words([facts['currency']])}, ${countText(BigInt(facts['rows'] ?? 0))} rows`,
  row: rowText,
  charge: ({ facts }) => `${chargeText(facts)}${ruleText(facts)}`,
  adjustment: ({ facts }) =>
    `${words([facts['entry']])} of ${words([facts['original_month']])}: ${chargeText(facts)}${ruleText(facts)}`,
  share: shareText,
  pool: ({ facts }) => poolText(facts),
  received: ({ facts }) => receivedText(facts),
  bill_line: ({ facts, amount }) => billLineText(facts, amount),
  register: ({ facts, amount }) => registerText(facts, amount),
  driver: ({ facts, quantity }) => `by ${plain(quantity)}${unitText(facts)}`,
  usage: usageText,
  declared: declaredText,
  weighing_cost: ({ facts, quantity }) =>
    `${plain(quantity)} of ${words([facts['method_id'], facts['category'], facts['basis']])}, ${daysText(facts)}`,
  idle_capacity: ({ facts, quantity }) => `${plain(quantity)} unused of a capacity of ${plain(facts['capacity'])}`,
  cause: ({ facts }) => titleOfCause(facts['cause'] ?? ''),
  compared: ({ facts }) => comparedText(facts),
  billed: sideText,
  rated: sideText,
  service_month: ({ facts }) => serviceMonthText(facts),
  statement_row: ({ facts }) =>
    `${words([facts['feature_id'], facts['category'], facts['basis'], facts['method_id'], facts['finality']])}, ${plain(facts['exact_amount'])} before it was rounded`,
  told: ({ facts }) => `${words([facts['provider'], facts['sku'], facts['meter']])}, of ${plain(facts['total_amount'])}`,
  rest: ({ facts, amount, quantity }) =>
    `${countText(BigInt(facts['count'] ?? 0))} more${quantity === null || amount !== null ? '' : `: ${plain(quantity)}`}`,
};

export function figureText(figure: Figure, asked: Asked): string {
  return SAID[figure.kind](figure, asked);
}

function sideText({ kind, facts, quantity }: Figure): string {
  return `${kind}${quantity === null ? '' : `: ${plain(quantity)} ${facts['meter'] ?? ''}`}`;
}

function receivedText(facts: Facts): string {
  const from = facts['pool'] == null ? 'usage that no bill covers' : `pool ${facts['pool']}`;
  return `through ${words([facts['service']])}, from ${from}${placeText(facts['place_of_rule'])}`;
}

function declaredText({ facts, quantity }: Figure): string {
  const source = facts['source'] == null ? '' : `, ${facts['source']}`;
  return `${plain(quantity)} for ${words([facts['feature_id']])}${source}, from ${words([facts['valid_from']])}${placeText(facts['place_of_rule'])}`;
}

function words(parts: readonly (string | null | undefined)[]): string {
  return parts.filter((part) => part != null && part !== '').join(' ');
}

/** Every digit that counts. */
function plain(figure: string | null | undefined): string {
  return figure == null ? '' : moneyText(figure, 0);
}

function placeText(place: string | null | undefined): string {
  return place == null ? '' : ` (${place})`;
}

/** By what tells the rows apart, less what was asked for; a row that is no figure tells all that it says. */
function rowText({ facts, amount, quantity }: Figure, { grain, where }: Asked): string {
  const asked = new Set(['billing_month', ...where.map(({ column }) => column)]);
  const isSaid = ([name, value]: [string, string | null]): boolean => value != null && value !== '' && !asked.has(name);
  if (amount === null && quantity === null)
    return Object.entries(facts)
      .filter(isSaid)
      .map(([name, value]) => `${name}=${/^-?\d+\.\d+$/.test(value ?? '') ? plain(value) : value}`)
      .join(', ');
  const said = grain
    .map((name) => [name, facts[name] ?? null] as const)
    .filter(([name, value]) => isSaid([name, value]) && isTelling(name, value, facts));
  const digits = minorDigits(facts['currency'] ?? '');
  const rounded = facts['statement_amount'] == null ? '' : `, ${moneyText(facts['statement_amount'], digits)} in the statement`;
  const counted = amount === null ? `: ${plain(quantity)}` : '';
  return `${said.length === 0 ? 'the row' : said.map(([, value]) => value).join(' · ')}${counted}${rounded}`;
}

/** The currency stands once, above; and most rows are of their own month. */
function isTelling(name: string, value: string | null, facts: Facts): boolean {
  switch (name) {
    case 'currency':
      return false;
    case 'entry':
      return value !== 'cost';
    case 'original_month':
      return value !== facts['billing_month'];
    default:
      return true;
  }
}

function chargeText(facts: Facts): string {
  const sku = facts['sku'] === facts['service'] ? null : facts['sku'];
  const category = facts['category'] === 'Usage' ? null : facts['category'];
  return words([facts['provider'], facts['service'], sku, facts['meter'], category]);
}

function ruleText(facts: Facts): string {
  switch (facts['method_id']) {
    case 'usage/rated':
      return ', rated: no bill covers it';
    case '(none)/no rule':
      return ', which no rule takes';
    case '(commitment)/unused':
      return ', a commitment that nothing used';
    default:
      return ` by ${words([facts['method_id']])}${placeText(facts['place_of_rule'])}`;
  }
}

function shareText({ facts, parts }: Figure): string {
  const driver = parts.find(({ kind }) => kind === 'driver');
  const when =
    facts['usage_date'] ??
    (facts['month_part'] == null ? 'in the month' : `on these days, of ${plain(facts['month_part'])} in the month`);
  return driver === undefined ? `${when}: nothing weighed` : `${when}: ${driverText(driver)}`;
}

function driverText({ quantity, facts }: Figure): string {
  const grain = facts['grain'] == null ? '' : ` (by ${facts['grain']})`;
  return `${plain(quantity)} of ${plain(facts['of_quantity'])}${unitText(facts)}${grain}`;
}

function unitText(facts: Facts): string {
  const days = facts['days'] == null ? '' : ` × ${facts['days']} days`;
  switch (facts['method']) {
    case 'driver':
      return ` ${words([facts['driver']?.replace('_', facts['driver'] === 'rated_cost' ? ' ' : '_')])}${days}`;
    case 'proportional':
      return ' of cost allocated before';
    case 'follow':
      return ' of the charges that it follows';
    case 'revenue':
      return ' of revenue';
    default:
      return ' of the shares';
  }
}

function poolText(facts: Facts): string {
  if (facts['counterparty'] != null) return `as ${facts['counterparty']} bears it`;
  return `of pool ${words([facts['pool']])}${facts['usage_date'] == null ? ' in the month' : ` on ${facts['usage_date']}`}`;
}

function billLineText(facts: Facts, amount: string | null): string {
  const whole = facts['line_amount'] === amount ? '' : `, of ${plain(facts['line_amount'])} on the line`;
  const rate =
    facts['exchange_rate'] == null
      ? ''
      : `, ${plain(facts['original_amount'])} ${words([facts['original_currency']])} at ${plain(facts['exchange_rate'])}`;
  return `${words([facts['item'] ?? facts['description']])}${whole}${rate}, row ${words([facts['row']])} of ${words([facts['file']])}`;
}

function registerText(facts: Facts, amount: string | null): string {
  const terms =
    facts['monthly_amount'] != null
      ? `, ${plain(facts['monthly_amount'])} a month`
      : facts['cost'] == null
        ? ''
        : `, ${plain(facts['cost'])} over ${words([facts['horizon_months']])} months from ${words([facts['in_service_on']])}`;
  const whole =
    facts['month_amount'] == null || facts['month_amount'] === amount ? '' : `, of ${plain(facts['month_amount'])} in the month`;
  return `${words([facts['entry_id']])}, ${words([facts['description']])}${terms}${whole}${placeText(facts['place_of_entry'])}`;
}

/** `quantity × price`; where cost weighed, what of it came of that. */
function usageText({ facts, amount, quantity }: Figure): string {
  const what = words([
    facts['model'] ?? facts['sku'],
    facts['meter'],
    facts['service_tier'] === 'standard' ? null : facts['service_tier'],
  ]);
  const isPriced = facts['unit_price'] != null && facts['price_state'] !== 'stated';
  const price = isPriced ? ` × ${plain(facts['unit_price'])} ${words([facts['price_currency']])}`.trimEnd() : '';
  const logged = facts['logged_quantity'] ?? null;
  const isOfMoney = amount !== null || logged !== null;
  const weight = logged === null ? '' : `${plain(quantity)}: `;
  const stated = facts['price_state'] === 'stated' ? ', as the log states' : '';
  const from = `${facts['feature_id'] == null ? '' : ` of ${facts['feature_id']}`}${facts['source_id'] == null ? '' : ` in ${facts['source_id']}`}`;
  const place = isOfMoney && isPriced ? placeText(facts['place_of_price']) : '';
  return `${weight}${plain(logged ?? quantity)}${isOfMoney ? price : ''} ${what}${from}, ${daysText(facts)}${stated}${place}`;
}

function daysText(facts: Facts): string {
  const [first, last] = [facts['first_day'], facts['last_day']];
  return first === last ? `${first ?? ''}` : `${first ?? ''} to ${last ?? ''}`;
}

function comparedText(facts: Facts): string {
  const quantities =
    facts['billed_quantity'] == null
      ? ''
      : `: billed ${plain(facts['billed_quantity'])}, logged ${plain(facts['logged_quantity'])}`;
  const price = facts['unit_price'] == null ? '' : `, at ${plain(facts['unit_price'])}${placeText(facts['place_of_price'])}`;
  const used =
    facts['used_price'] == null ? '' : `, billed at ${plain(facts['used_price'])}${placeText(facts['place_of_used_price'])}`;
  const tier = facts['service_tier'] === 'standard' ? null : facts['service_tier'];
  return `${words([facts['compare_day'], facts['sku'], facts['meter'], tier])}${quantities}${price}${used}`;
}

function serviceMonthText(facts: Facts): string {
  const place = placeText(facts['place_of_entry']);
  if (facts['monthly_amount'] != null)
    return `${words([facts['days']])} days of ${plain(facts['monthly_amount'])} a month${place}`;
  if (facts['month_no'] == null)
    return `disposal: what the books still carry of ${plain(facts['cost'])}, less its proceeds${place}`;
  const month = `month ${words([facts['month_no']])} of ${words([facts['horizon_months']])}, ${words([facts['starts_on']])} to ${words([facts['ends_on']])}`;
  return `${month}: ${words([facts['days']])} days of its ${plain(facts['month_amount'])}, of ${plain(facts['cost'])}${place}`;
}
