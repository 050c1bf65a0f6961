// Explanations of golden companies: every row of every mart, open and closed, with every sum added up again here.
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { explainFigure } from '../src/explain/explain.js';
import { readPublished } from '../src/publish/directory.js';
import { ASK, countOf, everyTree, gapsOf, kindsOf, laid, sumsOf } from './golden/explained.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

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
});

describe('a path', () => {
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
});
