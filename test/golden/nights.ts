// Nights of a company of three months: what they leave, and that it is what a run publishes that computes every month.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { RunEvent } from '../../src/kernel/event.js';
import { monthsThrough } from '../../src/kernel/period.js';
import { runPipeline } from '../../src/run/run.js';
import { bytesBelow, type Company } from './company.js';
import { type Delivery, deliver, event, threeMonths } from './three-months.js';

const now = (): Date => new Date('2031-01-01T00:00:00Z');
const LEFT = /^nothing changed of what makes (\S+)(?: through (\S+))?: left as published$/;

/** What a night told: months that it left, and warnings. */
export interface Told {
  readonly left: readonly string[];
  readonly warnings: readonly string[];
}

/** Delivers and runs. `force`: every month is computed. */
export async function toldBy(company: Company, asOf: string, files: Delivery = {}, force = false): Promise<Told> {
  await deliver(company, files);
  const left: string[] = [];
  const warnings: string[] = [];
  const listener = (told: RunEvent): void => {
    if (told.kind !== 'note') return;
    const [, first, last = first] = LEFT.exec(told.message) ?? [];
    if (first !== undefined && last !== undefined) left.push(...monthsThrough(first, last));
    if (told.level === 'warning') warnings.push(told.message);
  };
  const { outcome } = await runPipeline({ ...company, scope: { asOf }, threads: 1, force, listener, now });
  expect(outcome).toBe('published');
  return { left, warnings: warnings.sort() };
}

/** Gives the months that were left. */
export async function night(company: Company, asOf: string, files: Delivery = {}): Promise<readonly string[]> {
  return (await toldBy(company, asOf, files)).left;
}

/** All that readers see, the manifest too: a run that computes every month, whatever is known, gives the same. */
async function expectAsComputed(company: Company, asOf: string): Promise<void> {
  const published = await bytesBelow(join(company.folder, 'out/current/'));
  expect((await toldBy(company, asOf, {}, true)).left).toEqual([]);
  expect(await bytesBelow(join(company.folder, 'out/current/'))).toEqual(published);
}

/** And compares. */
export async function nightWith(company: Company, asOf: string, files: Delivery): Promise<readonly string[]> {
  const left = await night(company, asOf, files);
  await expectAsComputed(company, asOf);
  return left;
}

export async function edit({ folder }: Company, name: string, change: (text: string) => string): Promise<void> {
  await writeFile(join(folder, name), change(await readFile(join(folder, name), 'utf8')));
}

/** None of its bills is of two months, so each month stands for itself. */
export async function monthsApart(options: Parameters<typeof threeMonths>[0] = {}): ReturnType<typeof threeMonths> {
  const company = await threeMonths(options);
  await rm(join(company.folder, 'bills/vector/half.csv'));
  return company;
}

/** Asked for in a test file: a company after its first night in September, and the nights behind it. */
export function inSeptember() {
  let company: Awaited<ReturnType<typeof threeMonths>> | null = null;
  let day = 10;
  beforeAll(async () => {
    company = await monthsApart();
    await night(company, '2026-09-10');
  }, 120_000);
  afterAll(async () => company?.[Symbol.asyncDispose]());
  return {
    company: (): Company => {
      if (company === null) throw new Error('asked for before the tests');
      return company;
    },
    next: (): string => `2026-09-${String((day += 1))}`,
  };
}

export const BOTH = ['2026-07', '2026-08'];
export const late = (id: string, day: string, more: object = {}): Delivery => ({
  [`usage/z-${id}.jsonl`]: event(id, `${day}T10:00:00Z`, more),
});
