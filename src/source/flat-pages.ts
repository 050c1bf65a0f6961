// Answers that are rows instead of buckets of days: pages of one pull together make the days that were asked for, as far as the provider
// knew. A day that ends after its `data_refreshed_at` is early: what came of it is kept, and counts as nothing yet.
import { plusDays } from '../kernel/period.js';
import { isObject, type Json, type JsonObject, textOf } from './json-text.js';

/** Rows of an API: how they lie in the landed file, and what of a row is its result. */
export interface FlatDialect {
  readonly endpoint: string;
  readonly resultOf: (row: JsonObject) => JsonObject;
}

export interface Bucket {
  readonly json: Json;
  readonly isEarly: boolean;
}

/** A page as it landed, with the days that were asked for. */
export interface FlatPage {
  readonly from: string;
  readonly to: string;
  readonly page: JsonObject;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Null: not landed as a page of rows is. */
export function flatPageOf(document: JsonObject): FlatPage | null {
  const [from, to, page] = [textOf(document['from']) ?? '', textOf(document['to']) ?? '', document['page']];
  return DAY.test(from) && DAY.test(to) && isObject(page) && Array.isArray(page['data']) ? { from, to, page } : null;
}

/** Null: a page does not say how far the provider knew. */
export function bucketsOfRows(pages: readonly FlatPage[], dialect: FlatDialect): readonly Bucket[] | null {
  const known = Math.min(...pages.map(({ page }) => Date.parse(textOf(page['data_refreshed_at']) ?? '')));
  if (Number.isNaN(known)) return null;
  const days = new Map<string, Json[]>();
  for (const row of pages.flatMap(({ page }) => page['data'] as readonly Json[])) {
    const times = isObject(row) ? [textOf(row['starting_at']), textOf(row['ending_at'])] : [null, null];
    const key = JSON.stringify(times);
    const results = days.get(key) ?? [];
    results.push(isObject(row) ? dialect.resultOf(row) : row);
    days.set(key, results);
  }
  const told = [...days].map(([key, results]) => bucketOf(JSON.parse(key) as readonly (string | null)[], results, known));
  return [...told, ...emptyDays(pages, told, known)];
}

function bucketOf([start = null, end = null]: readonly (string | null)[], results: readonly Json[], known: number): Bucket {
  return { json: { starting_at: start, ending_at: end, results }, isEarly: Date.parse(end ?? '') > known };
}

/** Days that were asked for, are known, and have no row: nothing was used. */
function emptyDays(pages: readonly FlatPage[], told: readonly Bucket[], known: number): readonly Bucket[] {
  const [first] = pages;
  const starts = new Set(told.map(({ json }) => Date.parse((isObject(json) ? textOf(json['starting_at']) : null) ?? '')));
  const empty: Bucket[] = [];
  for (let day = first?.from ?? ''; first !== undefined && day < first.to; day = plusDays(day, 1)) {
    const [start, end] = [`${day}T00:00:00Z`, `${plusDays(day, 1)}T00:00:00Z`];
    if (!starts.has(Date.parse(start)) && Date.parse(end) <= known) empty.push(bucketOf([start, end], [], known));
  }
  return empty;
}
