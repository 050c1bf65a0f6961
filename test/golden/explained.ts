// Golden companies that are explained, and trees added up without the engine.
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Figure } from '../../src/explain/api.js';
import { explainFigures } from '../../src/explain/explain.js';
import { readPublished } from '../../src/publish/directory.js';
import { type BookStep, doStep } from './books-steps.js';
import { type Company, companyOf, run } from './company.js';

const CASES = join(import.meta.dirname, '../../fixtures/cases');
export const ASK = { threads: 1, listener: () => undefined, now: () => new Date('2031-01-01T00:00:00Z'), env: {} };

/** Runs what the case runs, up to the run of that name; the state of the last run stays. */
export async function laid(name: string, until: string | null = null): Promise<Company & AsyncDisposable> {
  const source = join(CASES, name);
  const told = parse(await readFile(join(source, 'case.yaml'), 'utf8')) as Told;
  const company = await companyOf(source);
  for (const [runName, { steps = [], add, ...scope }] of Object.entries(told.runs)) {
    for (const step of steps) await doStep(company, join(source, 'then'), step);
    if (add !== undefined) await cp(join(source, 'then', add), company.folder, { recursive: true });
    await run(company, { ...(scope.asOf === undefined ? {} : { asOf: scope.asOf }) });
    if (runName === until) break;
  }
  return company;
}

interface Told {
  readonly runs: Readonly<
    Record<string, { readonly steps?: readonly BookStep[]; readonly add?: string; readonly asOf?: string }>
  >;
}

export async function everyTree(company: Company, month: string, most: number): Promise<ReadonlyMap<string, readonly Figure[]>> {
  const manifest = await readPublished(join(company.folder, 'out'));
  const marts = [...new Set(manifest?.files.filter((file) => file.rows > 0 && file.month === month).map(({ mart }) => mart))];
  const questions = marts.map((mart) => ({ mart, where: [], most }));
  const explained = await explainFigures({ ...ASK, pipelineFile: company.pipelineFile, month }, questions);
  return new Map(explained.map(({ mart, trees }) => [mart, trees]));
}

function pico(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  return BigInt(`${amount.startsWith('-') ? '-' : ''}${whole}${fraction.padEnd(12, '0')}`);
}

function sumOf(amounts: readonly (string | null)[]): bigint {
  return amounts.reduce((sum, amount) => sum + pico(amount ?? '0'), 0n);
}

/** Added up here, without the engine: figures whose parts do not sum to them. */
export function gapsOf(figure: Figure): readonly string[] {
  const { kind, amount, quantity, parts, facts } = figure;
  const summing = parts.filter(({ relation }) => relation === 'sum');
  const theirs = sumOf(summing.map((part) => (amount === null ? part.quantity : part.amount)));
  const isWhole = summing.length === 0 || theirs === pico(amount ?? quantity ?? '0');
  return [...(isWhole ? [] : [`${kind} ${JSON.stringify(facts)}`]), ...parts.flatMap(gapsOf)];
}

export function countOf({ parts }: Figure): number {
  return parts.reduce((count, part) => count + countOf(part), 1);
}

export function kindsOf(figures: readonly Figure[]): ReadonlySet<string> {
  return new Set(figures.flatMap((figure) => [figure.kind, ...kindsOf(figure.parts)]));
}

/** Of rows that are figures of money: others stand one by one, and are cut. */
export function sumsOf(figures: readonly Figure[]): readonly (string | null)[] {
  return figures.map(({ amount }) => amount).filter((amount) => amount !== null);
}

export function entriesOf(figure: Figure): readonly Figure[] {
  return figure.kind === 'adjustment' ? [figure] : figure.parts.flatMap(entriesOf);
}

export function pathTo(figures: readonly Figure[], kind: string): readonly Figure[] {
  for (const figure of figures) {
    if (figure.kind === kind) return [figure];
    const below = pathTo(figure.parts, kind);
    if (below.length > 0) return [figure, ...below];
  }
  return [];
}
