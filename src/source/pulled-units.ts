// What an API is asked for a month or a day at a time: all pages of it in one landed file, the answers as they came.
// It is asked for each day that it may still change, and once more when it is over.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { type Day, firstDay, type Month, monthOf, monthsThrough, plusDays, plusMonths } from '../kernel/period.js';
import type { PullTimes } from '../pipeline/pipeline.js';
import { type Arrival, type BringOptions, type Brought, RESUMED } from './arrival.js';
import { KeptPages } from './kept-pages.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { receiveAll } from './plain-files.js';
import type { LandedFile, LandRequest, Outside } from './source.js';

/** Days, half-open. */
export interface Span {
  readonly from: Day;
  readonly to: Day;
}

/** A month `2026-07` or a day `2026-07-03`. */
export interface Unit extends Span {
  readonly key: string;
}

export type Every = 'month' | 'day';

export interface UnitPull {
  readonly request: LandRequest;
  readonly times: PullTimes;
  /** What is asked, but the days: asked otherwise, another state. */
  readonly asked: readonly unknown[];
  readonly touch: () => Promise<void>;
  /** May pages of an earlier try of the same day be gone on with? Not where pages are counted: lines that come in between would move them. */
  readonly goesOn: boolean;
  /** The landed file of these days; pages that are kept are not asked for again. */
  readonly textOf: (span: Span, kept: KeptPages | null, options: BringOptions) => Promise<string>;
}

export function todayOf({ now }: Outside): Day {
  return now().toISOString().slice(0, 10);
}

/**
 * Months that there are by now, oldest first. The day that is under way has no end yet, and days that a provider may not know yet
 * come empty, which is a bill of zero: until they are asked for they stay estimated.
 */
export function monthsOf(outside: Outside, times: PullTimes): readonly Unit[] {
  const last = plusDays(todayOf(outside), -times.lagDays - 1);
  return monthsThrough(times.from ?? outside.start, monthOf(last)).map((month) => unitOf(month));
}

/** The same, a day each. */
export function daysOf(outside: Outside, times: PullTimes): readonly Unit[] {
  const end = plusDays(todayOf(outside), -times.lagDays);
  const units: Unit[] = [];
  for (let day = firstDay(times.from ?? outside.start); day < end; day = plusDays(day, 1))
    units.push({ key: day, from: day, to: plusDays(day, 1) });
  return units;
}

function unitOf(month: Month): Unit {
  return { key: month, from: firstDay(month), to: firstDay(plusMonths(month, 1)) };
}

/** The name that the days of a key land under. */
export function pulledName({ config }: LandRequest, key: string): string {
  return `${config.kind}/${key}.json`;
}

const KEYS: Readonly<Record<Every, RegExp>> = { month: /^\d{4}-\d{2}\.json$/, day: /^\d{4}-\d{2}-\d{2}\.json$/ };

/** Brings what may have changed. What was pulled before counts as it came then, where it is over. */
export async function landUnits(request: LandRequest, units: readonly Arrival[], every: Every): Promise<readonly LandedFile[]> {
  const store = await LandingStore.open(request.landingDir, request.config.id);
  // A run that is killed between two of them asks for the other ones alone.
  const blobs = await receiveAll(store, units, request, async () => store.remember());
  await store.record(blobs.map((blob) => ({ ...blob, unit: blob.name, delivery: blob.name })));
  const folder = pulledName(request, '').replace('.json', '');
  const landed = [...store.newest().values()].filter(
    ({ unit, name }) => unit === name && name.startsWith(folder) && KEYS[every].test(name.slice(folder.length)),
  );
  return landed.map((entry) => store.landed(entry)).sort(byName);
}

/** The days of a unit that can be asked for today, and a text that is another one once they are to be asked for again. */
export function askedNow(
  unit: Unit,
  { times, request, asked }: Pick<UnitPull, 'times' | 'request' | 'asked'>,
): { readonly span: Span; readonly state: string } {
  const today = todayOf(request.outside);
  const known = plusDays(today, -times.lagDays);
  const span: Span = { from: unit.from, to: known < unit.to ? known : unit.to };
  const isDone = isOver(unit, request.outside, times);
  return { span, state: JSON.stringify([...asked, isDone ? 'over' : `on ${today} before ${span.to}`]) };
}

/** It is not asked for any more; never before its last day was asked for. */
function isOver({ to }: Pick<Unit, 'to'>, outside: Outside, times: PullTimes): boolean {
  return todayOf(outside) > plusDays(to, Math.max(times.trailingDays, times.lagDays));
}

/** Days that a provider did not know when a month was asked for last would stay estimated for good, without a word. */
export function tellOfUnknown(request: LandRequest, times: PullTimes, month: Month, firstUnknown: Day): void {
  if (!isOver(unitOf(month), request.outside, times)) return;
  const message = `source \`${request.config.id}\`: from ${firstUnknown} on the provider did not know all of ${month} when it was asked last; those days stay estimated until a larger \`trailing_days\` has it asked again`;
  request.listener({ kind: 'note', level: 'warning', message });
}

/** The name of the file that keeps what came in part of something asked so. */
export function resumedName({ config }: LandRequest, name: string, state: string): string {
  return `${RESUMED}${hashOf(JSON.stringify([config.id, name, state]))}`;
}

export function arrivalOf(unit: Unit, pull: UnitPull): Arrival {
  const { request } = pull;
  const { span, state } = askedNow(unit, pull);
  const name = pulledName(request, unit.key);
  return {
    name,
    resume: pull.goesOn ? resumedName(request, name, state) : null,
    state: async () => state,
    touch: pull.touch,
    bring: async (aside, options) => {
      const kept = pull.goesOn ? await KeptPages.open(`${aside}.pages`) : null;
      const brought = await writeText(aside, await pull.textOf(span, kept, options));
      await kept?.drop();
      return { ...brought, state };
    },
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export async function writeText(aside: string, text: string): Promise<Omit<Brought, 'state'>> {
  await using file = await open(aside, 'w');
  await file.writeFile(text);
  await file.sync();
  return { sha256: hashOf(text), bytes: Buffer.byteLength(text) };
}
