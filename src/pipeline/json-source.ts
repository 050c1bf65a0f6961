// `kind: json-costs` → what is asked, what comes, and what of it is what. Checks that compare values.
import { isDatePattern } from './date-pattern.js';
import type { JsonCostsSource, JsonHeader, JsonLines, JsonPaging, JsonPull } from './pipeline.js';
import type { SourceSpec } from './spec-pipeline.js';
import { problem, quoted, type Report } from './text.js';
import type { Path, YamlFile } from './yaml-places.js';

type Spec = Extract<SourceSpec, { kind: 'json-costs' }>;
type PullSpec = NonNullable<Spec['pull']>;
type Refuse = (code: 'bad-value' | 'missing-key', path: Path, message: string, remedy: string) => void;

export function jsonCostsOf(spec: Spec, file: YamlFile, report: Report): Pick<JsonCostsSource, 'pull' | 'json'> {
  const refuse: Refuse = (code, path, message, remedy) => report(problem(code, file.of(spec, ...path), message, remedy));
  checkLines(spec, refuse);
  if (spec.pull !== undefined) checkPull(spec.pull, refuse);
  return { pull: spec.pull === undefined ? null : pullOf(spec.pull), json: linesOf(spec) };
}

function linesOf({ records, map, constants, dates, ends, amount_unit: amountUnit, amount_is: amountIs, total }: Spec): JsonLines {
  return {
    records: records ?? null,
    map: withoutGaps(map),
    constants: withoutGaps(constants),
    dates,
    ends,
    amountUnit,
    amountIs,
    total: { amount: total.amount ?? null, count: total.count ?? null },
  };
}

function withoutGaps<T extends object>(spec: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as never;
}

function checkLines({ map, constants, dates }: Spec, refuse: Refuse): void {
  if (map.currency === undefined && constants.currency === undefined)
    refuse(
      'missing-key',
      [],
      'nothing says the currency of these costs',
      'add `constants: { currency: … }`, or map a field to it',
    );
  if (map.charge_start === undefined && map.period_start === undefined)
    refuse('missing-key', ['map'], 'nothing says the day of a line', 'map `charge_start`, or `period_start` and `period_end`');
  if ((map.period_start === undefined) !== (map.period_end === undefined))
    refuse('missing-key', ['map'], 'a billing period has two ends', 'map `period_start` and `period_end`, or none of them');
  if (!['iso', 'seconds', 'milliseconds'].includes(dates) && !isDatePattern(dates))
    refuse(
      'bad-value',
      ['dates'],
      `${quoted(dates)} does not name a day`,
      'write iso, seconds, milliseconds or a date-fns pattern',
    );
}

const SECRET_PARAMETER = /^(api[_-]?key|access[_-]?token|auth[_-]?token|token|secret|password)$/i;
const SECRET = /^(authorization|proxy-authorization|cookie)$|key|token|secret|password/i;

function checkPull(pull: PullSpec, refuse: Refuse): void {
  checkKeys(pull, refuse);
  checkAsked(pull, refuse);
  checkReach(pull, refuse);
  if (pull.page.kind === 'number' && pull.page.more !== undefined && pull.page.pages !== undefined)
    refuse('bad-value', ['pull', 'page', 'more'], '`more` and `pages` both say where the end is', 'keep one of them');
}

function checkKeys({ headers, query }: PullSpec, refuse: Refuse): void {
  const refuseKey = (path: Path, name: string, remedy: string): void =>
    refuse('bad-value', ['pull', ...path, name], `\`${name}\` holds a key, and keys never stand here`, remedy);
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && SECRET.test(name))
      refuseKey(['headers'], name, 'write { env: NAME }, and the key into that variable');
  }
  for (const name of Object.keys(query)) {
    if (SECRET_PARAMETER.test(name))
      refuseKey(['query'], name, 'send it in a header: `headers: { Authorization: { env: NAME } }`');
  }
}

function checkAsked(pull: PullSpec, refuse: Refuse): void {
  const asked = [pull.url, pull.body ?? '', ...Object.values(pull.query).flat()];
  if (!asked.some((text) => /\{(from|last)(:|\})/.test(text)))
    refuse('missing-key', ['pull'], 'nothing says which days are asked for', 'write {from} and {to} where the API takes them');
  if (pull.body !== undefined && !isObjectOnceFilled(pull.body))
    refuse(
      'bad-value',
      ['pull', 'body'],
      '`body` is no JSON object',
      'write it in quotes, such as \'{"start": "{from}", "end": "{to}"}\'',
    );
}

function checkReach(pull: PullSpec, refuse: Refuse): void {
  // A month that begins beyond the reach is not asked for: its last days would be missing for good.
  const least = 31 + pull.lag_days + 2;
  if (pull.every === 'month' && pull.reach_days !== undefined && pull.reach_days < least)
    refuse(
      'bad-value',
      ['pull', 'reach_days'],
      `${pull.reach_days} days do not reach back to the begin of a month that is over`,
      `write \`every: day\`, or a reach of at least ${least}`,
    );
}

function isObjectOnceFilled(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body.replaceAll(/\{(from|to|last)(:[a-z]+)?\}/g, '1'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function pullOf(pull: PullSpec): JsonPull {
  return {
    url: pull.url,
    query: Object.entries(pull.query).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as const)),
    body: pull.body ?? null,
    headers: Object.entries(pull.headers).map(([name, value]) => headerOf(name, value)),
    page: pagingOf(pull.page),
    every: pull.every,
    reachDays: pull.reach_days ?? null,
    from: pull.from ?? null,
    trailingDays: pull.trailing_days,
    lagDays: pull.lag_days,
    requestsPerMinute: pull.requests_per_minute,
  };
}

function headerOf(name: string, value: PullSpec['headers'][string]): JsonHeader {
  return typeof value === 'string' ? { name, value } : { name, variable: value.env, prefix: value.prefix };
}

function pagingOf(page: PullSpec['page']): JsonPaging {
  switch (page.kind) {
    case 'none':
      return page;
    case 'cursor':
    case 'offset':
      return { ...page, more: page.more ?? null };
    case 'number':
      return { ...page, more: page.more ?? null, pages: page.pages ?? null };
    case 'link':
      return { ...page, next: page.next ?? null };
    default:
      return page satisfies never;
  }
}
