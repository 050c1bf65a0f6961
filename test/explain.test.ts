// Explanations of golden companies: every mart that has rows, every sum added up again here, and paths that were worked out by hand.
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Figure } from '../src/explain/api.js';
import { explainFigure, explainFigures } from '../src/explain/explain.js';
import { isExplained } from '../src/explain/marts.js';
import { grow, plant, refuseGaps, refuseLooseEnds } from '../src/explain/tree.js';
import { readCatalog } from '../src/model/catalog.js';
import { readPublished } from '../src/publish/directory.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { type BookStep, doStep } from './golden/books-steps.js';
import { type Company, companyOf, run } from './golden/company.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const CASES = join(import.meta.dirname, '../fixtures/cases');
const ASK = { threads: 1, listener: () => undefined, now: () => new Date('2031-01-01T00:00:00Z'), env: {} };

/** Runs what the case runs, up to the run of that name; the state of the last run stays. */
async function laid(name: string, until: string | null = null): Promise<Company & AsyncDisposable> {
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

async function everyTree(company: Company, month: string, most: number): Promise<ReadonlyMap<string, readonly Figure[]>> {
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
function gapsOf(figure: Figure): readonly string[] {
  const { kind, amount, quantity, parts, facts } = figure;
  const summing = parts.filter(({ relation }) => relation === 'sum');
  const theirs = sumOf(summing.map((part) => (amount === null ? part.quantity : part.amount)));
  const isWhole = summing.length === 0 || theirs === pico(amount ?? quantity ?? '0');
  return [...(isWhole ? [] : [`${kind} ${JSON.stringify(facts)}`]), ...parts.flatMap(gapsOf)];
}

function countOf({ parts }: Figure): number {
  return parts.reduce((count, part) => count + countOf(part), 1);
}

function kindsOf(figures: readonly Figure[]): ReadonlySet<string> {
  return new Set(figures.flatMap((figure) => [figure.kind, ...kindsOf(figure.parts)]));
}

/** Of rows that are figures of money: others stand one by one, and are cut. */
function sumsOf(figures: readonly Figure[]): readonly (string | null)[] {
  return figures.map(({ amount }) => amount).filter((amount) => amount !== null);
}

function entriesOf(figure: Figure): readonly Figure[] {
  return figure.kind === 'adjustment' ? [figure] : figure.parts.flatMap(entriesOf);
}

function pathTo(figures: readonly Figure[], kind: string): readonly Figure[] {
  for (const figure of figures) {
    if (figure.kind === kind) return [figure];
    const below = pathTo(figure.parts, kind);
    if (below.length > 0) return [figure, ...below];
  }
  return [];
}

describe('every row of every mart', () => {
  test.each([
    ['pools-feed-pools', '2026-07', ['register', 'received', 'driver', 'weighing_cost']],
    ['idle-gpus-shown', '2026-07', ['register', 'driver', 'idle_capacity']],
    ['bill-explained-cause-by-cause', '2026-07', ['cause', 'compared', 'billed', 'rated', 'bill_line', 'usage']],
  ])('of %s has parts that sum to it', { timeout: 300_000 }, async (name, month, kinds) => {
    await using company = await laid(name);
    const few = await everyTree(company, month, 2);
    const all = await everyTree(company, month, 100_000);
    const every = [...few.values(), ...all.values()].flat();
    expect(every.flatMap(gapsOf)).toEqual([]);
    expect(every.reduce((count, tree) => count + countOf(tree), 0)).toBeGreaterThan(50);
    const seen = kindsOf([...all.values()].flat());
    for (const kind of kinds) expect(seen).toContain(kind);
    expect(seen).not.toContain('rest');
    // The whole is the same, however few parts are told.
    for (const [mart, trees] of all) expect(sumsOf(few.get(mart) ?? [])).toEqual(sumsOf(trees));
  });

  test('is there for every mart of the catalogue', async () => {
    await using warehouse = await openDuckDb({ threads: 1 });
    const catalog = await readCatalog(join(import.meta.dirname, '../sql'), warehouse);
    const marts = catalog.models.filter(({ layer }) => layer === 'marts').map(({ table }) => table);
    expect(marts.filter((mart) => !isExplained(mart))).toEqual([]);
  });
});

describe('a path', () => {
  test('leads from a feature through two pools to the line of the register', { timeout: 120_000 }, async () => {
    await using company = await laid('pools-feed-pools');
    const where = [
      { column: 'feature_id', value: 'search' },
      { column: 'method_id', value: 'embedder/embedding_tokens@month' },
    ];
    const question = { mart: 'showback_feature_month', where, most: 1 };
    const { trees, closed } = await explainFigure({ ...ASK, pipelineFile: company.pipelineFile, month: '2026-07' }, question);
    const [, , share, pool, received, cluster, , register] = pathTo(trees, 'register');
    expect(closed).toBe(false);
    expect(
      [trees[0]?.amount, share?.amount, pool?.amount, cluster?.amount, register?.amount].map((amount) => Number(amount)),
    ).toEqual([46.5, 1.5, 2, 2, 10]);
    expect(received?.facts).toMatchObject({ service: 'embedder', pool: 'cluster', place_of_rule: 'rules.yaml:2' });
    expect(register?.facts).toMatchObject({ entry_id: 'cluster', place_of_entry: 'fixed_costs.yaml:2' });
    const driver = share?.parts.find(({ kind }) => kind === 'driver');
    expect([driver?.quantity, driver?.facts['of_quantity']].map(Number)).toEqual([3_000_000, 4_000_000]);
    expect(driver?.parts[0]?.facts).toMatchObject({ source_id: 'app', meter: 'embedding_tokens' });
  });

  test('of a closed month is that of its close, whatever the rules are now; of an open one it has what later evidence adjusted', {
    timeout: 300_000,
  }, async () => {
    await using company = await laid('closed-month-restated');
    const manifest = await readPublished(join(company.folder, 'out'));
    const [first = '', last = ''] = [manifest?.months[0], manifest?.months.at(-1)];
    const asked = { ...ASK, pipelineFile: company.pipelineFile };
    const question = { mart: 'showback_feature_month', where: [], most: 3 };
    const [closed, open] = [await explainFigure({ ...asked, month: first }, question), await everyTree(company, last, 3)];
    expect(closed.closed).toBe(true);
    expect([...closed.trees, ...[...open.values()].flat()].flatMap(gapsOf)).toEqual([]);
    expect(kindsOf([...open.values()].flat())).toContain('adjustment');
    expect([...open.keys()]).toContain('estimate_movement');
  });

  test('of a restated month leads on from its re-entry, where the rules are those of its close', {
    timeout: 120_000,
  }, async () => {
    await using company = await laid('chargeback-of-closed-months', 'closed');
    const question = { mart: 'adjustment_month', where: [{ column: 'feature_id', value: 'chat' }], most: 3 };
    const { trees } = await explainFigure({ ...ASK, pipelineFile: company.pipelineFile, month: '2026-08' }, question);
    const entries = trees.flatMap(entriesOf);
    const billBelow = (entry: string) =>
      pathTo(
        entries.filter(({ facts }) => facts['entry'] === entry),
        'bill_line',
      ).at(-1)?.facts['file'];
    expect([billBelow('re-entry'), billBelow('reversal')]).toEqual(['bills/2026-07.csv', undefined]);
    expect(trees.flatMap(gapsOf)).toEqual([]);
  });
});

describe('refused', () => {
  const question = { mart: 'showback_feature_month', where: [], most: 3 };

  test('are months of which nothing says what they were made of, or whose files are gone', { timeout: 120_000 }, async () => {
    await using company = await laid('pools-feed-pools');
    const request = { ...ASK, pipelineFile: company.pipelineFile, month: '2026-07' };
    const manifest = await readPublished(join(company.folder, 'out'));
    const noted = join(company.folder, '.showback/runs', manifest?.runId ?? '', 'manifest.json');
    const text = await readFile(noted, 'utf8');
    await rm(noted);
    await expect(explainFigure(request, question)).rejects.toThrow('explain/unknown-evidence');
    await writeFile(noted, text);
    await rm(join(company.folder, '.showback/landing/blobs'), { recursive: true });
    await expect(explainFigure(request, question)).rejects.toThrow('explain/collected');
  });

  test('are figures that other rules made: those of the run count, while it keeps them', { timeout: 120_000 }, async () => {
    await using company = await laid('pools-feed-pools');
    const request = { ...ASK, pipelineFile: company.pipelineFile, month: '2026-07' };
    const rules = join(company.folder, 'rules.yaml');
    const text = await readFile(rules, 'utf8');
    await writeFile(rules, text.replace(/method: proportional.*/, 'method: feature, feature: chat }'));
    expect(await readFile(rules, 'utf8')).not.toBe(text);
    expect((await explainFigure(request, question)).trees[0]?.amount).toBe('341.000000000000');
    const manifest = await readPublished(join(company.folder, 'out'));
    const folder = join(company.folder, '.showback/runs', manifest?.runId ?? '');
    for (const name of await readdir(folder)) if (name.startsWith('config')) await rm(join(folder, name), { recursive: true });
    await expect(explainFigure(request, question)).rejects.toThrow('explain/changed');
  });

  test('are trees that do not add up, or end in nothing', async () => {
    await using warehouse = await openDuckDb({ threads: 1 });
    await warehouse.run('CREATE SCHEMA explain');
    await plant(warehouse);
    const figure = (parent: string, key: string, amount: string) =>
      `SELECT CAST(${parent} AS BIGINT) AS parent, '${key}' AS key, CAST(${amount} AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity`;
    await grow(warehouse, { kind: 'row', select: figure('NULL', 'row', '3'), facts: [], most: 5 });
    await expect(refuseLooseEnds(warehouse, ['bill_line'])).rejects.toThrow('nothing explains');
    const lines = `${figure('1', 'a', '1')} UNION ALL ${figure('1', 'b', '1')} UNION ALL ${figure('1', 'c', '1')}`;
    await grow(warehouse, { kind: 'bill_line', select: lines, facts: [], most: 1 });
    await refuseGaps(warehouse);
    await refuseLooseEnds(warehouse, ['bill_line', 'rest']);
    await warehouse.run("UPDATE explain.figure SET amount = amount + 0.000000000001 WHERE kind = 'rest'");
    await expect(refuseGaps(warehouse)).rejects.toThrow('do not sum');
  });
});
