// Marts that remember: only marts may, and a run builds them behind all others, on the engine that is here.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCatalog } from '../../src/model/catalog.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { publishSteps } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

const SQL = join(import.meta.dirname, '../../sql');

it('are built in one step, behind all other marts and before the months that stay', { timeout: 60_000 }, async () => {
  await using warehouse = await openDuckDb({ threads: 1 });
  const catalog = await readCatalog(SQL, warehouse);
  expect(catalog.models.filter(({ contract }) => contract.made === 'history').map(({ name }) => name)).toEqual([
    'marts.estimate_movement',
  ]);
  const steps = publishSteps({ publish: null } as Pipeline, catalog, ['2026-07']);
  expect(steps.map(({ kind }) => kind).filter((kind, at, all) => kind !== all[at - 1])).toEqual([
    'gate',
    'build',
    'compare',
    'carry',
    'publish',
  ]);
  expect(steps.flatMap((step) => (step.kind === 'build' ? [step.model] : []))).not.toContain('marts.estimate_movement');
});

it('are refused in every layer before, and so is a word that is none', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'showback-sql-'));
  try {
    await cp(SQL, folder, { recursive: true });
    const plant = async (name: string, made: string): Promise<void> => {
      const path = join(folder, `${name}.yaml`);
      await writeFile(path, `made: ${made}\n${await readFile(path, 'utf8')}`);
    };
    await plant('allocation/cost', 'history');
    await plant('marts/pool_month', 'yesterday');
    await using warehouse = await openDuckDb({ threads: 1 });
    await expect(readCatalog(folder, warehouse)).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ code: 'model/contract-form', message: 'made: history is for marts, and this is allocation' }),
        expect.objectContaining({ code: 'model/contract-form', message: expect.stringContaining('made') }),
      ]),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('a table that says that nobody looks at its rows is refused, and a mart that is none', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'showback-sql-'));
  try {
    await cp(SQL, folder, { recursive: true });
    const path = join(folder, 'marts/pool_month.yaml');
    const good = await readFile(path, 'utf8');
    await using warehouse = await openDuckDb({ threads: 1 });
    const refused = async (planted: string, message: string): Promise<void> => {
      await writeFile(path, `${planted}\n${good}`);
      await expect(readCatalog(folder, warehouse)).rejects.toMatchObject({
        problems: [{ code: 'model/contract-form', message }],
      });
    };
    await refused('held: columns', 'held: columns is for views: what is written is looked at');
    await refused('held: checks', 'held: checks is for views: what is written is looked at');
    await refused('build: view', 'build: view is for what marts are made of: what is published is a table');
    const view = join(folder, 'rating/usage_meter.yaml');
    await writeFile(path, good);
    const text = await readFile(view, 'utf8');
    await writeFile(view, text.replace(/^checks:\n( .*\n)+/m, ''));
    await expect(readCatalog(folder, warehouse)).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ code: 'model/contract-form', message: 'held: checks without checks is held: columns' }),
      ]),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
