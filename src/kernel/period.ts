// Days and months are UTC and half-open. A `Day` is `YYYY-MM-DD`, a `Month` is `YYYY-MM`; both order as text.
// Each function by itself, and the format without words of languages: the whole library is three hundred files to load
// before `--help` answers.
import { addDays } from 'date-fns/addDays';
import { addMonths } from 'date-fns/addMonths';
import { isValid } from 'date-fns/isValid';
import { lastDayOfMonth } from 'date-fns/lastDayOfMonth';
import { lightFormat } from 'date-fns/lightFormat';
import { parseISO } from 'date-fns/parseISO';

export type Day = string;
export type Month = string;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export function isDay(text: string): boolean {
  return DAY.test(text) && isValid(parseISO(text));
}

export function isMonth(text: string): boolean {
  return MONTH.test(text);
}

export function monthOf(day: Day): Month {
  return day.slice(0, 7);
}

export function firstDay(month: Month): Day {
  return `${month}-01`;
}

export function lastDay(month: Month): Day {
  return lightFormat(lastDayOfMonth(parseISO(firstDay(month))), 'yyyy-MM-dd');
}

export function plusMonths(month: Month, count: number): Month {
  return lightFormat(addMonths(parseISO(firstDay(month)), count), 'yyyy-MM');
}

export function plusDays(day: Day, count: number): Day {
  return lightFormat(addDays(parseISO(day), count), 'yyyy-MM-dd');
}

/** Every month from `from` through `to`, both included; empty when `to` is before `from`. */
export function monthsThrough(from: Month, to: Month): readonly Month[] {
  const months: Month[] = [];
  for (let month = from; month <= to; month = plusMonths(month, 1)) months.push(month);
  return months;
}
