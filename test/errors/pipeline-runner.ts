// A case that runs its company: the base runs once, well, and what it published must stand byte for byte where the case fails.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { explainFigure } from '../../src/explain/explain.js';
import type { RunEvent } from '../../src/kernel/event.js';
import { Failure, type Problem } from '../../src/kernel/failure.js';
import { readPublished } from '../../src/publish/directory.js';
import { diffRuns } from '../../src/run/diff-runs.js';
import type { RunResult } from '../../src/run/api.js';
import { runPipeline } from '../../src/run/run.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { isDay } from '../../src/kernel/period.js';
import { readPriceBook } from '../../src/pipeline/price-book.js';
import { reratePipeline } from '../../src/run/rerate.js';
import { bytesBelow } from '../golden/company.js';

const NOW = new Date('2031-01-01T00:00:00Z');
const bases = new Map<string, Promise<string>>();

/** What a run that went well says: its warnings, what it rejected, and the total. */
export async function runCase(folder: string, base: string, ask?: string): Promise<string> {
  await layPublished(folder, base);
  const before = await bytesBelow(join(folder, 'out'));
  expect(Object.keys(before).length).toBeGreaterThan(20);
  const notes: string[] = [];
  try {
    const result = await run(folder, (event) => {
      if (event.kind === 'note') notes.push(`${event.level}: ${event.message}`);
    });
    return [...notes, result.outcome, ...(await told(result)), ...(await asked(result, ask))].join('\n');
  } catch (error) {
    expect(await bytesBelow(join(folder, 'out'))).toEqual(before);
    throw error;
  }
}

/** A case that rates months again with its own book, or the own ones as of a day; what is there must stand byte for byte. */
export async function rerateCase(folder: string, base: string, words: string): Promise<unknown> {
  await layPublished(folder, base);
  const before = await bytesBelow(folder);
  const [from = '', to = '', asked = ''] = words.split(' ');
  const request = {
    pipelineFile: join(folder, 'pipeline.yaml'),
    from,
    to,
    threads: 1,
    listener: () => undefined,
    now: () => NOW,
  };
  try {
    const book = isDay(asked) ? null : await readPriceBook(asked, folder, 'negotiated');
    const prices = {
      book: book === null ? null : { layer: 'negotiated' as const, rows: book, replaces: false },
      asOf: book === null ? asked : null,
    };
    return await reratePipeline({ ...request, prices, bookName: asked });
  } finally {
    expect(await bytesBelow(folder)).toEqual(before);
  }
}

/** A case that asks `<month> <mart> [column=value…]` of what the base published; what is there must stand byte for byte. */
export async function explainCase(
  folder: string,
  base: string,
  { words, lay }: { readonly words: string; readonly lay: string | undefined },
): Promise<unknown> {
  await layPublished(folder, base);
  if (lay !== undefined) await cp(join(folder, lay), folder, { recursive: true });
  const before = await bytesBelow(folder);
  const [month = '', mart = '', ...conditions] = words.split(' ');
  const where = conditions.map((text) => ({ column: text.split('=')[0] ?? '', value: text.split('=')[1] ?? '' }));
  const request = {
    pipelineFile: join(folder, 'pipeline.yaml'),
    month,
    threads: 1,
    listener: () => undefined,
    now: () => NOW,
    env: {},
  };
  try {
    return await explainFigure(request, { mart, where, most: 5 });
  } finally {
    expect(await bytesBelow(folder)).toEqual(before);
  }
}

/**
 * A case that compares two runs. Words: `unpublished` (nothing ran yet), `again` (a second run, of the case's own files), `lose` (the first
 * run is collected), `month=…`, `feature=…`; all else names runs, the first one as `first`. Ids depend on the models, and are masked.
 */
export async function diffRunsCase(folder: string, base: string, input: string): Promise<unknown> {
  const words = input.split(' ').filter((word) => word !== '');
  if (!words.includes('unpublished')) await layPublished(folder, base);
  const first = (await readPublished(join(folder, 'out')))?.runId ?? '';
  if (words.includes('again')) await run(folder, () => undefined);
  if (words.includes('lose'))
    for (const below of ['.showback/runs', 'out/runs']) await rm(join(folder, below, first), { recursive: true });
  const valueOf = (name: string): string | undefined => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const [month, feature] = [valueOf('month'), valueOf('feature')];
  const [from, to] = words
    .filter((word) => !/^(unpublished|again|lose|.*=.*)$/.test(word))
    .map((word) => (word === 'first' ? first : word));
  const asked = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(month === undefined ? {} : { month }),
    ...(feature === undefined ? {} : { feature }),
  };
  const request = {
    pipelineFile: join(folder, 'pipeline.yaml'),
    anew: false,
    threads: 1,
    listener: () => undefined,
    now: () => NOW,
  };
  return diffRuns({ ...request, ...asked }).catch((error: unknown) => {
    throw error instanceof Failure ? new Failure(error.kind, error.problems.map(masked)) : error;
  });
}

function masked({ message, remedy, ...problem }: Problem): Problem {
  const mask = (text: string): string => text.replaceAll(/(\d{4}-\d{2}-\d{2})-[0-9a-f]{12}/g, '$1-4267254d9b11');
  return { ...problem, message: mask(message), remedy: mask(remedy) };
}

async function layPublished(folder: string, base: string): Promise<void> {
  const published = await (bases.get(base) ?? publishedBase(base));
  for (const name of ['.showback', 'out'])
    await cp(join(published, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
}

export async function removeBases(): Promise<void> {
  for (const base of bases.values()) await rm(await base, { recursive: true, force: true });
}

function publishedBase(base: string): Promise<string> {
  const made = (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'showback-base-'));
    await cp(base, folder, { recursive: true });
    await run(folder, () => undefined);
    return folder;
  })();
  bases.set(base, made);
  return made;
}

async function run(folder: string, listener: (event: RunEvent) => void): Promise<RunResult> {
  const pipelineFile = join(folder, 'pipeline.yaml');
  return runPipeline({ pipelineFile, scope: {}, force: false, threads: 1, listener, now: () => NOW });
}

async function asked(result: RunResult, ask: string | undefined): Promise<readonly string[]> {
  if (ask === undefined) return [];
  await using engine = await openDuckDb({ threads: 1 });
  const rows = await engine.rows(ask.replaceAll('{out}', join(result.outDir, 'parquet')));
  return rows.map((row) => `parquet: ${JSON.stringify(row)}`);
}

/** The marts that say what became of every record, without their headers. */
async function told(result: RunResult): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const mart of ['rejected_record', 'unpriced_usage', 'showback_feature_month', 'reconciliation_month']) {
    const text = await readFile(join(result.outDir, 'csv/2026-07', `${mart}.csv`), 'utf8');
    const rows = text.trimEnd().split('\n').slice(1);
    const shown = mart === 'reconciliation_month' ? rows.filter((row) => row.includes('usage_read')) : rows;
    lines.push(...shown.map((row) => `${mart}: ${row}`));
  }
  return lines;
}
