// Days in what an API is asked: `{from}`, `{to}` and `{last}`, in named formats.
import { type Day, monthOf, plusDays } from '../kernel/period.js';
import type { Span } from './pulled-units.js';

const PLACEHOLDER = /\{(from|to|last)(?::([a-z]+))?\}/g;

const FORMATS: Readonly<Record<string, (day: Day) => string>> = {
  date: (day) => day,
  month: monthOf,
  compact: (day) => day.replaceAll('-', ''),
  timestamp: (day) => `${day}T00:00:00Z`,
  seconds: (day) => String(Date.parse(`${day}T00:00:00Z`) / 1000),
  milliseconds: (day) => String(Date.parse(`${day}T00:00:00Z`)),
};

/** `{from}`: the first day; `{to}`: the day after the last one; `{last}`: the last one. */
export function withDays(text: string, { from, to }: Span): string {
  const days: Readonly<Record<string, Day>> = { from, to, last: plusDays(to, -1) };
  return text.replaceAll(PLACEHOLDER, (_, day: string, format: string | undefined) =>
    (FORMATS[format ?? 'date'] ?? String)(days[day] ?? ''),
  );
}
