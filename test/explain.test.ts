// Explanations of golden companies: paths that were worked out by hand, and what is refused. All rows of all marts: test/explain-all.test.ts.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { explainFigure } from '../src/explain/explain.js';
import type { RunEvent } from '../src/kernel/event.js';
import { isExplained } from '../src/explain/marts.js';
import { grow, plant, refuseGaps, refuseLooseEnds } from '../src/explain/tree.js';
import { readCatalog } from '../src/model/catalog.js';
import { readPublished } from '../src/publish/directory.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { ASK, entriesOf, gapsOf, laid, pathTo } from './golden/explained.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

describe('an explanation', () => {
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

  test('are rows that another version published with other columns, before anything is built', { timeout: 120_000 }, async () => {
    await using company = await laid('pools-feed-pools');
    const manifest = await readPublished(join(company.folder, 'out'));
    const file = join(company.folder, 'out/runs', manifest?.runId ?? '', 'parquet/pool_month/billing_month=2026-07/data.parquet');
    await using engine = await openDuckDb({ threads: 1 });
    await engine.run(`CREATE TABLE rows AS SELECT * EXCLUDE (level) FROM read_parquet('${file}', hive_partitioning = false)`);
    await rm(file);
    await engine.run(`COPY rows TO '${file}' (FORMAT parquet)`);
    const steps: string[] = [];
    const listener = (event: RunEvent): void => void (event.kind === 'step' && steps.push(event.step));
    const request = { ...ASK, listener, pipelineFile: company.pipelineFile, month: '2026-07' };
    await expect(explainFigure(request, { ...question, mart: 'pool_month' })).rejects.toThrow('explain/changed');
    expect(steps).toEqual([]);
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
    const weighed = figure('1', 'driver', 'NULL').replace(
      'CAST(NULL AS DECIMAL(38,12)) AS quantity',
      'CAST(2 AS DECIMAL(38,12)) AS quantity',
    );
    await grow(warehouse, { kind: 'driver', relation: 'by', select: weighed, facts: [], most: 5 });
    await expect(refuseLooseEnds(warehouse, ['row'])).rejects.toThrow('nothing explains');
    await warehouse.run("DELETE FROM explain.figure WHERE kind = 'driver'");
    const lines = `${figure('1', 'a', '1')} UNION ALL ${figure('1', 'b', '1')} UNION ALL ${figure('1', 'c', '1')}`;
    await grow(warehouse, { kind: 'bill_line', select: lines, facts: [], most: 1 });
    await refuseGaps(warehouse);
    await refuseLooseEnds(warehouse, ['bill_line', 'rest']);
    await warehouse.run("UPDATE explain.figure SET amount = amount + 0.000000000001 WHERE kind = 'rest'");
    await expect(refuseGaps(warehouse)).rejects.toThrow('do not sum');
  });
});
