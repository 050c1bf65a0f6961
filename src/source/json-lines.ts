// Lines of a bill in pages of JSON, through a map of columns: times as days, amounts as text in whole units.
import { type Day, firstDay, isDay, lastDay, monthOf } from '../kernel/period.js';
import type { AmountUnit, JsonColumn, JsonLines } from '../pipeline/pipeline.js';
import { type JsonLine, valueOfLine } from './json-path.js';
import { isNumber, isObject, type Json, textOf } from './json-text.js';
import { asFarAsDoublesGo, isDecimal, moneyOf, movedPoint } from './money-text.js';
import { plainDate } from './printed.js';
import type { Span } from './pulled-units.js';
import type { TextRow } from './source.js';

type Cells = Readonly<Partial<Record<JsonColumn, string | null>>>;

const EXPONENT: Readonly<Record<AmountUnit, number>> = { units: 0, cents: -2, micros: -6 };

/** The days that were asked for, and the end of the month, or the day, that the file is of. */
export interface Asked extends Span {
  readonly until: Day;
}

/**
 * `asked`: the days that the provider was asked for; a line of others would be counted with those, too. Of an API that answers with whole
 * months, lines of the days that were not asked for yet are early: they come again.
 */
export function rowOf(line: JsonLine, json: JsonLines, asked: Asked | null): TextRow {
  if (!isObject(line.value)) return { reject: 'malformed' };
  const cells = cellsOf(line, json);
  const period = periodOf(cells, json);
  const money = moneyOf(amountOf(line, json));
  const isEarly = asked !== null && isOfDaysToCome(dayOfLine(cells, period), asked);
  const reject =
    rejectOf(cells, period, isEarly ? null : asked) ?? money.reject ?? (cells.currency == null ? 'missing_currency' : null);
  const amount = money.amount === null ? null : scaled(money.amount, json.amountUnit);
  const early = isEarly && reject === null ? { empty: 'early' } : {};
  return { ...cells, ...period, ...early, amount: reject === null ? amount : null, reject };
}

function isOfDaysToCome(day: string | null, { to, until }: Asked): boolean {
  return day !== null && day >= to && day < until;
}

function dayOfLine(cells: Cells, period: Period): string | null {
  return cells.period_start == null ? (period.charge_start ?? period.period_start) : period.period_start;
}

function amountOf(line: JsonLine, { map, amountIs }: JsonLines): Json | undefined {
  const written = map.amount === undefined ? undefined : valueOfLine(line, map.amount);
  return amountIs === 'double' && isNumber(written) ? asFarAsDoublesGo(written.value) : written;
}

/** An amount in the unit of the API → in whole units of the currency, every digit kept. */
export function scaled(amount: string, unit: AmountUnit): string {
  return movedPoint(amount, EXPONENT[unit]);
}

/** What was asked for and has no line is evidence, too: nothing was spent. */
export function askedRow({ from, to }: Span): TextRow {
  const last = dayOf(Date.parse(`${to}T00:00:00Z`) - 1);
  return { ...ofMonth(from), charge_start: from, charge_end: last, empty: 'true', reject: null };
}

function cellsOf(line: JsonLine, { map, constants }: JsonLines): Cells {
  const mapped = Object.entries(map).map(([column, path]) => [column, textOf(valueOfLine(line, path))] as const);
  return { ...constants, ...Object.fromEntries(mapped.filter(([, value]) => value !== null)) };
}

interface Period {
  readonly period_start: string | null;
  readonly period_end: string | null;
  readonly charge_start: string | null;
  readonly charge_end: string | null;
}

/** Without a billing period of its own a line is of the month that it starts in; without an end it is of one day. */
function periodOf(cells: Cells, { dates, ends }: JsonLines): Period {
  const start = (text: string | null | undefined) => dayAt(text, dates, 0);
  const end = (text: string | null | undefined) => dayAt(text, dates, ends === 'exclusive' ? -1 : 0);
  const chargeStart = start(cells.charge_start);
  const chargeEnd = cells.charge_end == null ? chargeStart : end(cells.charge_end);
  const periodStart = start(cells.period_start);
  const periodEnd = end(cells.period_end);
  const own = cells.period_start == null && cells.period_end == null && chargeStart !== null ? ofMonth(chargeStart) : null;
  return { period_start: periodStart, period_end: periodEnd, ...own, charge_start: chargeStart, charge_end: chargeEnd };
}

function ofMonth(day: string): Pick<Period, 'period_start' | 'period_end'> {
  return { period_start: firstDay(monthOf(day)), period_end: lastDay(monthOf(day)) };
}

const DATES = ['period_start', 'period_end', 'charge_start', 'charge_end'] as const;

function rejectOf(cells: Cells, period: Period, asked: Span | null): string | null {
  if (DATES.some((name) => cells[name] != null && period[name] === null)) return 'bad_date';
  const { period_start: start, period_end: end, charge_start: chargeStart, charge_end: chargeEnd } = period;
  if (start === null || end === null) return 'missing_period';
  if (end < start || (chargeEnd ?? end) < (chargeStart ?? start)) return 'bad_period';
  if (cells.quantity != null && !isDecimal(cells.quantity)) return 'bad_quantity';
  const day = dayOfLine(cells, period) ?? start;
  return asked !== null && (day < asked.from || day >= asked.to) ? 'outside_asked' : null;
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/;

/** The day in UTC at so many milliseconds from what is written; null where it is no time as declared. */
function dayAt(text: string | null | undefined, dates: string, milliseconds: number): string | null {
  const time = text == null ? null : timeOf(text, dates);
  return time === null ? null : dayOf(time + milliseconds);
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Milliseconds since 1970. What names no zone is UTC. */
function timeOf(text: string, dates: string): number | null {
  if (dates === 'seconds') return /^\d{9,10}(\.\d{1,9})?$/.test(text) ? Math.floor(Number(text) * 1000) : null;
  if (dates === 'milliseconds') return /^\d{12,13}(\.\d{1,9})?$/.test(text) ? Math.floor(Number(text)) : null;
  if (dates !== 'iso') return midnightOf(plainDate(text, dates));
  const [, day = '', clock = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  if (!isDay(day)) return null;
  const time = Date.parse(`${day}T${clock}${zone === 'UTC' ? 'Z' : zone.replace(/^(.\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(time) ? null : time;
}

function midnightOf(day: string | null): number | null {
  return day === null ? null : Date.parse(`${day}T00:00:00Z`);
}
