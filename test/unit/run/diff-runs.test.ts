// The parts of a comparison of two runs: sums that must close, changes in words, words that name runs, and copies of the configuration.
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Pipeline, PriceRow, Rule } from '../../../src/pipeline/pipeline.js';
import { keepConfiguration, readCopiedPipeline, readWithBytes } from '../../../src/run/config-copy.js';
import type { Change } from '../../../src/run/diff-runs-api.js';
import { changesOf } from '../../../src/run/diff-runs-changes.js';
import { movesOf, refuseOpenSums } from '../../../src/run/diff-runs-figures.js';
import { twoRuns } from '../../../src/run/diff-runs-find.js';
import { differingParts, type Ingredients, type Part } from '../../../src/run/diff-runs-ingredients.js';
import { makerOf, storedRuns } from '../../../src/run/manifest.js';
import { stateLeftovers } from '../../../src/run/state.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { tempFolder } from '../cli/harness.js';

const figure = (amount: string) => [{ month: '2026-07', currency: 'USD', feature_id: 'chat', amount }];

it('throws where what moved a figure does not sum to its movement', async () => {
  await using warehouse = await openDuckDb({ threads: 1 });
  const points = [figure('1'), figure('1.000000000001'), figure('3')];
  const [move] = await movesOf(warehouse, [{ months: ['2026-07'], points }]);
  expect(move).toMatchObject({
    difference: '2.000000000000',
    contributions: [
      { cause: 0, amount: '0.000000000001' },
      { cause: 1, amount: '1.999999999999' },
    ],
  });
  for (const damage of [
    "UPDATE contribution SET amount = amount + CAST('0.000000000001' AS DECIMAL(38,12)) WHERE cause = 1",
    'DELETE FROM contribution WHERE cause = 0',
    'DELETE FROM difference',
    "INSERT INTO contribution SELECT chain, month, currency, 'search', cause, amount FROM contribution LIMIT 1",
  ]) {
    await movesOf(warehouse, [{ months: ['2026-07'], points }]);
    await warehouse.run(damage);
    await expect(refuseOpenSums(warehouse), damage).rejects.toThrow('does not sum to its movement');
  }
});

const NOTHING = {
  ...{ name: 'n', currency: 'USD', start: '2026-07', tags: [], sources: [], rules: [], prices: [], aliases: [], skus: [] },
  ...{ skuMap: [], fx: [], invoices: [], acceptUnpriced: [], variance: [] },
  registry: { features: [], mappings: [], fixedCosts: [], revenue: [] },
};

function made(changed: object, more: Partial<Ingredients> = {}): Ingredients {
  const pipeline = { ...NOTHING, ...changed } as unknown as Pipeline;
  return { pipeline, asOf: '2026-07-31', files: [], controls: [], books: { closed: [], closing: null }, ...more };
}

function told(part: Part, before: Ingredients, after: Ingredients): readonly string[] {
  const words = ({ change, place, what, before: was, after: is }: Change): string =>
    [change, place, what, was, is].map((word) => word ?? '–').join(' | ');
  return changesOf(part, before, after).map(words);
}

const place = (line: number) => ({ file: 'a.csv', line });
const price = (sku: string, amount: string, line: number): PriceRow => ({
  ...{
    layer: 'list',
    provider: 'openai',
    sku,
    meter: 'input_tokens',
    unitExponent: 6,
    price: amount,
    currency: 'USD',
    serviceTier: 'batch',
  },
  ...{
    region: '',
    promptOver: 0,
    minuteFrom: 0,
    minuteTo: 1440,
    validFrom: '2026-01-01 00:00:00',
    source: 'x',
    note: '',
    place: place(line),
  },
});
const rule = (poolId: string, featureId: string, ruleNo: number): Rule => ({
  ...{
    ruleNo,
    poolId,
    match: [],
    method: { kind: 'feature', featureId },
    feeds: [],
    level: 1,
    onNoMatch: 'warn',
    place: place(ruleNo),
  },
});

it('tells rows that came, went and changed, and none that only moved', () => {
  const before = made({ prices: [price('a', '1', 2), price('b', '2', 3), price('c', '3', 4)] });
  const after = made({ prices: [price('c', '3', 2), price('b', '2.5', 3), price('d', '4', 4)] });
  expect(told({ kind: 'prices' }, before, after)).toEqual([
    'changed | a.csv:3 | openai b input_tokens batch from 2026-01-01, price | 2 | 2.5',
    'added | a.csv:4 | openai d input_tokens batch from 2026-01-01 | – | 4 USD per 1M',
    'removed | a.csv:2 | openai a input_tokens batch from 2026-01-01 | 1 USD per 1M | –',
  ]);
  expect(differingParts(before, made({ prices: [price('a', '1', 9), price('b', '2', 10), price('c', '3', 11)] }))).toEqual([]);
});

it('tells rules by their pool, also where only their order changed', () => {
  const before = made({ rules: [rule('one', 'chat', 1), rule('two', 'chat', 2)] });
  expect(
    told({ kind: 'rules' }, before, made({ rules: [rule('new', 'chat', 1), rule('one', 'chat', 2), rule('two', 'search', 3)] })),
  ).toEqual(['added | a.csv:1 | pool new | – | feature', 'changed | a.csv:3 | pool two, method.feature_id | chat | search']);
  expect(told({ kind: 'rules' }, before, made({ rules: [rule('two', 'chat', 1), rule('one', 'chat', 2)] }))).toEqual([
    'changed | – | order of the rules | one, two | two, one',
  ]);
});

it('tells files, settings, rates, entries and closes by name', () => {
  const file = (name: string, sha256: string) => ({
    sourceId: 'aws',
    name,
    sha256,
    bytes: 5,
    path: sha256,
    unit: name,
    delivery: '1',
  });
  const source = (version: string) => ({ id: 'aws', kind: 'focus', version, place: place(7) });
  const [was, is] = [
    made({ sources: [source('1.0')] }, { files: [file('a', '1'), file('b', '2')] }),
    made({ sources: [source('1.2')] }, { files: [file('a', '3'), file('c', '2')] }),
  ];
  expect(told({ kind: 'source', sourceId: 'aws' }, was, is)).toEqual([
    'changed | a.csv:7 | source aws, version | 1.0 | 1.2',
    'changed | – | a, delivered again | 5 bytes | 5 bytes',
    'added | – | c | – | 5 bytes',
    'removed | – | b | 5 bytes | –',
  ]);
  const control = { sourceId: 'aws', control: 'row_count', scope: 'a', currency: null, expected: '1' } as const;
  expect(differingParts(was, { ...was, controls: [control] })).toEqual([{ kind: 'source', sourceId: 'aws' }]);
  expect(told({ kind: 'source', sourceId: 'aws' }, was, { ...was, controls: [control] })).toEqual([
    'changed | – | totals that its files state | – | –',
  ]);
  const fx = (rate: string) => made({ fx: [{ month: '2026-07', from: 'EUR', to: 'USD', rate, source: 'x' }] });
  expect(told({ kind: 'fx' }, fx('1.1'), fx('1.2'))).toEqual(['changed | – | EUR in USD, 2026-07, rate | 1.1 | 1.2']);
  expect(told({ kind: 'settings' }, made({}), made({ tags: ['customer_id'] }))).toEqual([
    'changed | – | pipeline, tags | [] | ["customer_id"]',
  ]);
  const entry = { entryId: 'rack', place: place(3) };
  expect(told({ kind: 'fixed_costs' }, made({}), made({ registry: { ...NOTHING.registry, fixedCosts: [entry] } }))).toEqual([
    'added | a.csv:3 | entry rack | – | –',
  ]);
  const close = { month: '2026-07', lockSha256: 'l', lock: { landed: [] } } as unknown as Ingredients['books']['closed'][number];
  expect(told({ kind: 'closes' }, made({}), made({}, { books: { closed: [close], closing: null } }))).toEqual([
    'added | – | closed 2026-07 | – | –',
  ]);
});

it('replaces closes before the evidence where months were closed with it, and behind it else', () => {
  const file = { sourceId: 'app', name: 'f', sha256: 's', bytes: 1, path: '', unit: 'f', delivery: '1' };
  const close = {
    month: '2026-07',
    lockSha256: 'l',
    lock: { landed: [file] },
  } as unknown as Ingredients['books']['closed'][number];
  const books = { closed: [close], closing: null };
  const source = { sources: [{ id: 'app', kind: 'usage' }] };
  const after = made(source, { files: [{ ...file, sha256: 'later' }], books });
  const kinds = (before: Ingredients): readonly string[] => differingParts(before, after).map(({ kind }) => kind);
  expect(kinds(made(source, { files: [file] }))).toEqual(['closes', 'source']);
  expect(kinds(made(source, { files: [{ ...file, sha256: 'earlier' }] }))).toEqual(['source', 'closes']);
});

it('keeps what was read, whatever lies there when the run publishes, and heals a copy that was changed', async () => {
  const folder = await tempFolder('copies');
  await cp(join(import.meta.dirname, '../../../fixtures/errors/.base/running'), folder, { recursive: true });
  const read = await readWithBytes(join(folder, 'pipeline.yaml'));
  await writeFile(join(folder, 'features.yaml'), 'features: [broken');
  const runDir = join(folder, 'run');
  const copy = await keepConfiguration(read.pipeline, read.configuration, runDir);
  const dir = join(runDir, copy.folder);
  expect(await readCopiedPipeline(copy, dir, read.pipeline)).toEqual(read.pipeline);
  await writeFile(join(dir, copy.configuration[0]?.copy ?? ''), 'changed');
  expect(await readCopiedPipeline(copy, dir, read.pipeline)).toBeNull();
  expect(await keepConfiguration(read.pipeline, read.configuration, runDir)).toEqual(copy);
  expect(await readCopiedPipeline(copy, dir, read.pipeline)).toEqual(read.pipeline);
  await rm(join(dir, copy.configuration[0]?.copy ?? ''));
  expect(await readCopiedPipeline(copy, dir, read.pipeline)).toBeNull();
  expect(await readdir(runDir)).toEqual([copy.folder]);
});

it('refuses a configuration that is not any more what the pipeline was read from', async () => {
  const folder = await tempFolder('copies');
  await cp(join(import.meta.dirname, '../../../fixtures/errors/.base/running'), folder, { recursive: true });
  const { pipeline, configuration } = await readWithBytes(join(folder, 'pipeline.yaml'));
  const rules = join(folder, 'rules.yaml');
  for (const bytes of [new Map([...configuration, [rules, Buffer.from('rules: []')]]), new Map()]) {
    const kept = keepConfiguration(pipeline, bytes, join(folder, 'run'));
    await expect(kept).rejects.toMatchObject({
      kind: 'unavailable',
      problems: [{ code: 'run/changed-meanwhile', remedy: 'run again' }],
    });
  }
});

/** Folders of runs as they lie in a state, with figures. */
async function stateOf(
  runs: Readonly<Record<string, { readonly pipeline?: string; readonly out?: string; readonly inputs?: string }>>,
) {
  const folder = await tempFolder('runs');
  for (const [id, { pipeline = 'n', out = '../out', inputs = 'i' }] of Object.entries(runs)) {
    const dir = join(folder, 'state/runs', id);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'warehouse.duckdb'), '');
    const told = { pipeline, outs: [out], landed: [], evidence: { inputs, files: [], controls: [] } };
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(told));
  }
  return { name: 'n', stateDir: join(folder, 'state'), outDir: join(folder, 'out') } as unknown as Pipeline;
}

it('takes for the run before the last one that this pipeline published where it publishes', async () => {
  const pipeline = await stateOf({
    '2026-07-01-aaaaaaaaaaaa': {},
    '2026-07-02-bbbbbbbbbbbb': { out: '../out-weekly' },
    '2026-07-03-cccccccccccc': { pipeline: 'other' },
    '2026-07-04-dddddddddddd': {},
  });
  const { before, after } = await twoRuns(pipeline, { to: '2026-07-04' });
  expect([before.id, after.id]).toEqual(['2026-07-01-aaaaaaaaaaaa', '2026-07-04-dddddddddddd']);
  // Who names a run of the other place means it.
  expect((await twoRuns(pipeline, { from: '2026-07-02', to: '2026-07-04' })).before.id).toBe('2026-07-02-bbbbbbbbbbbb');
});

it('asks the run that made a month what it was made of, before another that was made of the same', async () => {
  const { stateDir } = await stateOf({
    '2026-07-01-aaaaaaaaaaaa': {},
    '2026-07-02-bbbbbbbbbbbb': {},
    '2026-07-03-cccccccccccc': { inputs: 'else' },
    '2026-07-04-dddddddddddd': { pipeline: 'other' },
  });
  const runs = await storedRuns(stateDir);
  const maker = (made: { readonly inputs: string; readonly run?: string }) => makerOf(runs, 'n', made)?.run.id ?? null;
  expect(maker({ inputs: 'i', run: '2026-07-02-bbbbbbbbbbbb' })).toBe('2026-07-02-bbbbbbbbbbbb');
  expect(maker({ inputs: 'i' })).toBe('2026-07-01-aaaaaaaaaaaa');
  expect(maker({ inputs: 'i', run: '2026-07-03-cccccccccccc' })).toBe('2026-07-01-aaaaaaaaaaaa');
  expect(maker({ inputs: 'gone' })).toBeNull();
});

it('leaves nothing of a copy that was killed half-way', async () => {
  const state = await tempFolder('copies');
  const partial = join(state, 'runs/2026-07-31-000000000000/config.partial');
  await mkdir(partial, { recursive: true });
  expect(await stateLeftovers(state)).toEqual([partial]);
});
