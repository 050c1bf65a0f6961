// `gc`: what goes, what stays, and that it may be killed anywhere.
import type * as Fs from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GcResult, WasteKind } from '../src/run/api.js';
import { collectGarbage } from '../src/run/gc.js';
import { readPipeline } from '../src/pipeline/read.js';
import { land } from '../src/source/registry.js';
import { bytesBelow, type Company, companyOf, run } from './golden/company.js';
import { publishedBytes } from './golden/three-months.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

/** Death at the n-th change of the disk: it is half done, and no later one happens. */
const death = vi.hoisted(() => ({ at: Number.POSITIVE_INFINITY, changes: 0 }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof Fs>();
  const mortal =
    <A extends readonly unknown[], R>(change: (...args: A) => Promise<R>, half: (...args: A) => Promise<unknown>) =>
    async (...args: A): Promise<R> => {
      death.changes += 1;
      if (death.changes === death.at) await half(...args);
      if (death.changes >= death.at) throw new Error('killed');
      return change(...args);
    };
  const nothing = async (): Promise<void> => undefined;
  return {
    ...fs,
    rename: mortal(fs.rename, nothing),
    rm: mortal(fs.rm, async (path) => {
      const [first] = await fs.readdir(String(path)).catch(() => []);
      if (first !== undefined) await fs.rm(join(String(path), first), { recursive: true });
    }),
    writeFile: mortal(fs.writeFile, async (path, text) => fs.writeFile(path, String(text).slice(0, 40))),
  };
});

const SLOW = 120_000;
const STATE = '.showback';

/** Long after every delivery of these tests. */
const LATER = new Date('2031-01-01T00:00:00Z');

async function gc(company: Company, dryRun = false, now = LATER): Promise<GcResult> {
  return collectGarbage({ pipelineFile: company.pipelineFile, dryRun, listener: () => undefined, now: () => now });
}

function kindsOf({ waste }: GcResult): Readonly<Partial<Record<WasteKind, number>>> {
  const kinds: Partial<Record<WasteKind, number>> = {};
  for (const { kind } of waste) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

async function shop(): Promise<Company & AsyncDisposable> {
  const company = await companyOf(join(import.meta.dirname, '../fixtures/errors/.base/running'));
  const pipeline = await readFile(company.pipelineFile, 'utf8');
  await writeFile(company.pipelineFile, `${pipeline}\nretention: { runs: 3, deliveries_days: 0 }\n`);
  return company;
}

/** The log of July, delivered once more: the same events, and one of its own. */
async function deliver(company: Company, id: string, name = 'july'): Promise<void> {
  const file = join(company.folder, `usage/${name}.jsonl`);
  const [first = ''] = (await readFile(join(company.folder, 'usage/july.jsonl'), 'utf8')).split('\n');
  await writeFile(file, `${first}\n${first.replace(/"event_id":"[^"]*"/, `"event_id":"${id}"`)}\n`);
}

/** A company after four runs, each of a newer delivery, and killed ones. */
let template: Company & AsyncDisposable;
/** Output that people read, before any gc. */
let published: Readonly<Record<string, string>>;

beforeAll(async () => {
  template = await shop();
  for (const id of ['one', 'two', 'three', 'four']) {
    await deliver(template, id);
    await run(template);
  }
  await plantLeftovers(template);
  published = await bytesBelow(join(template.folder, 'out/current'));
}, SLOW);

afterAll(async () => template[Symbol.asyncDispose]());

const LEFTOVERS = [
  `${STATE}/landing/arriving/0b7c`,
  `${STATE}/landing/seen/app.json.new`,
  `${STATE}/lake/0b7c.new`,
  `${STATE}/runs/2026-07-31-0123456789ab/warehouse.partial.duckdb`,
  `${STATE}/runs/2026-07-31-0123456789ab/warehouse.partial.duckdb.wal`,
  `${STATE}/runs/2026-07-31-0123456789ac.partial/warehouse.duckdb`,
  `${STATE}/tmp/duckdb_temp_storage-0.tmp`,
  'out/runs/2026-07-31-0123456789ad.partial/csv/a.csv',
  'out/runs/.order.partial',
  'out/.current.partial',
];

const NOT_OURS = [
  `${STATE}/landing/notes.txt`,
  `${STATE}/lake/notes.txt`,
  `${STATE}/runs/notes.txt`,
  `${STATE}/runs/mine/notes.txt`,
  'out/runs/mine/notes.txt',
  'out/notes.txt',
  `${STATE}/notes.txt`,
];

async function plantLeftovers(company: Company): Promise<void> {
  for (const name of [...LEFTOVERS, ...NOT_OURS]) {
    await mkdir(join(company.folder, name, '..'), { recursive: true });
    await writeFile(join(company.folder, name), 'left');
  }
}

async function copyOf(company: Company): Promise<Company & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-gc-'));
  await cp(company.folder, folder, { recursive: true, verbatimSymlinks: true });
  return {
    folder,
    pipelineFile: join(folder, 'pipeline.yaml'),
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

function there(company: Company, names: readonly string[]): readonly string[] {
  return names.filter((name) => existsSync(join(company.folder, name)));
}

describe('what killed runs left', () => {
  it('goes when the next run begins, and what is not ours stays', { timeout: SLOW }, async () => {
    await using company = await copyOf(template);
    expect(there(company, LEFTOVERS)).toEqual(LEFTOVERS);
    expect((await run(company)).outcome).toBe('unchanged');
    expect(there(company, LEFTOVERS)).toEqual([]);
    expect(there(company, NOT_OURS)).toEqual(NOT_OURS);
  });
});

describe('gc', () => {
  it('removes what is beyond the retention, and nothing twice', { timeout: SLOW }, async () => {
    await using company = await copyOf(template);
    const before = await bytesBelow(company.folder);
    const planned = await gc(company, true);
    const now = await bytesBelow(company.folder);
    expect(Object.keys(now)).toEqual(Object.keys(before));
    const result = await gc(company);
    expect(result).toEqual(planned);
    // Publishing kept three of four: the warehouse of the first and the planted one, its delivery, and all old lake files go.
    expect(kindsOf(result)).toEqual({ leftover: LEFTOVERS.length, run: 2, delivery: 1, 'lake-file': 6 });
    expect(result.notes).toEqual([]);
    expect(there(company, LEFTOVERS)).toEqual([]);
    expect(there(company, NOT_OURS)).toEqual(NOT_OURS);
    expect(result.waste.every(({ path }) => !existsSync(path))).toBe(true);
    expect((await gc(company)).waste).toEqual([]);
    expect(await bytesBelow(join(company.folder, 'out/current'))).toEqual(published);
    expect((await readdir(join(company.folder, 'out/runs'))).filter((name) => name.startsWith('2026'))).toHaveLength(3);
    expect((await run(company)).outcome).toBe('unchanged');
    await forced(company);
    expect(await bytesBelow(join(company.folder, 'out/current'))).toEqual(published);
  });
});

describe('gc that is killed', () => {
  it('at any change of the disk leaves a state that is whole, and the next one goes on', { timeout: SLOW }, async () => {
    await using undisturbed = await copyOf(template);
    await gc(undisturbed);
    const [expected, changes] = [await contentOf(undisturbed), await changesOf(template)];
    expect(changes).toBeGreaterThan(LEFTOVERS.length + 10);
    for (let at = 1; at <= changes; at += 1) {
      await using company = await copyOf(template);
      await killedAt(at, async () => gc(company));
      await expectWhole(company);
      // Every eighth time a run comes first: it needs nothing that is gone.
      const outcome = at % 8 === 0 ? (await run(company)).outcome : 'unchanged';
      expect(outcome).toBe('unchanged');
      await gc(company);
      expect(await contentOf(company), `killed at change ${at}`).toEqual(expected);
    }
  });
});

async function changesOf(source: Company): Promise<number> {
  await using company = await copyOf(source);
  death.changes = 0;
  await gc(company);
  return death.changes;
}

async function killedAt(at: number, work: () => Promise<unknown>): Promise<void> {
  Object.assign(death, { at, changes: 0 });
  await expect(work()).rejects.toThrow('killed');
  Object.assign(death, { at: Number.POSITIVE_INFINITY, changes: 0 });
}

/** What names something names nothing that is gone. */
async function expectWhole({ folder }: Company): Promise<void> {
  const state = join(folder, STATE);
  const index = (await readFile(join(state, 'landing/index.ndjson'), 'utf8')).trim().split('\n');
  for (const { sha256 } of index.map((line) => JSON.parse(line) as { sha256: string }))
    expect(existsSync(join(state, 'landing/blobs', sha256.slice(0, 2), sha256)), sha256).toBe(true);
  for (const name of (await readdir(join(state, 'lake'))).filter((each) => each.endsWith('.json')))
    expect(existsSync(join(state, 'lake', name.replace('.json', '.parquet'))), name).toBe(true);
  const out = await bytesBelow(join(folder, 'out'));
  for (const name of Object.keys(out).filter((each) => /^runs\/[^.]+\/current\.json$/.test(each))) {
    const manifest = JSON.parse(out[name] ?? '') as { files: readonly { path: string }[] };
    for (const file of manifest.files) expect(Object.keys(out)).toContain(name.replace('current.json', file.path));
  }
  expect(await bytesBelow(join(folder, 'out/current'))).toEqual(published);
}

/** All files but those whose bytes say when they were written. */
async function contentOf({ folder }: Company): Promise<Readonly<Record<string, string>>> {
  const found = Object.entries(await bytesBelow(folder));
  return Object.fromEntries(found.map(([name, bytes]) => [name, /lock\.duckdb|runs\.ndjson|seen\//.test(name) ? '' : bytes]));
}

describe('a state folder that two pipelines share', () => {
  it('loses nothing that the other one needs', { timeout: SLOW }, async () => {
    await using company = await copyOf(template);
    const other = { ...company, pipelineFile: join(company.folder, 'other.yaml') };
    const yaml = await readFile(company.pipelineFile, 'utf8');
    // Read otherwise, so that its lake files are its own.
    await writeFile(
      other.pipelineFile,
      yaml.replace('name: shop', 'name: other\nout: other').replace('kind: usage', 'kind: usage\n    tokens: inclusive'),
    );
    const before = await contentOf(company);
    const ran = await run(other);
    const ofOther = Object.keys(await contentOf(company)).filter(
      (name) => before[name] === undefined && !name.startsWith('other/'),
    );
    const inLake = ofOther.filter((name) => name.includes('/lake/'));
    expect(inLake.filter((name) => !name.includes('/sums/'))).toHaveLength(3);
    expect(inLake.filter((name) => name.endsWith('/kept.json'))).toHaveLength(1);
    await gc(company);
    expect(there(company, ofOther)).toEqual(ofOther);
    expect(existsSync(ran.warehousePath)).toBe(true);
    expect(kindsOf(await gc(other))).toEqual({});
    // A pipeline whose file is gone needs nothing any more; what it published is for somebody to remove by hand.
    await rm(other.pipelineFile);
    // Its note, its lake file with what is told of it, and its sums; ours stay.
    expect(kindsOf(await gc(company))).toEqual({ 'lake-file': 4 });
    expect(await readdir(join(company.folder, STATE, 'lake/sums'))).toHaveLength(1);
    expect((await run(company)).outcome).toBe('unchanged');
  });
});

describe('what gc cannot know', () => {
  it('stays, with a note', { timeout: SLOW }, async () => {
    await using company = await copyOf(template);
    const [kept = ''] = (await readFile(join(company.folder, 'out/runs/.order'), 'utf8')).split('\n');
    await rm(join(company.folder, STATE, 'runs', kept, 'manifest.json'));
    await rm(join(company.folder, STATE, 'lake/uses'), { recursive: true });
    const silent = await gc(company);
    expect(kindsOf(silent)).toEqual({ leftover: LEFTOVERS.length, run: 2 });
    expect(silent.notes).toEqual([
      expect.stringContaining('does not say which of its files are in use'),
      expect.stringContaining(`1 kept run does not say what went into it, ${kept} the first`),
    ]);
    await rm(join(company.folder, 'out'), { recursive: true });
    const away = await gc(company);
    expect(kindsOf(away)).toEqual({});
  });

  it('is nothing where nothing ran yet, and writes nothing there', async () => {
    await using company = await shop();
    expect(await gc(company)).toMatchObject({ waste: [], notes: [] });
    expect(existsSync(join(company.folder, STATE))).toBe(false);
  });
});

describe('a company that collects', () => {
  it('publishes the bytes of one that never did, whatever came in which order', { timeout: SLOW }, async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('deliver' as const), name: fc.constantFrom('july', 'late'), id: fc.constantFrom('x', 'y') }),
      fc.record({ kind: fc.constant('rotate' as const) }),
      fc.constantFrom({ kind: 'run' as const }, { kind: 'gc' as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 7 }), async (steps) => {
        await using collecting = await copyOf(template);
        await using twin = await copyOf(template);
        for (const company of [collecting, twin]) {
          for (const each of steps) await take(company, each, company === twin);
          await forced(company);
        }
        // Not which runs led there: the twin published once.
        expect(await publishedBytes(collecting)).toEqual(await publishedBytes(twin));
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });
});

type Taken =
  | { readonly kind: 'deliver'; readonly name: string; readonly id: string }
  | { readonly kind: 'rotate' | 'run' | 'gc' };

/** The twin lands where the other one runs: what it publishes at the end is all that is asked of it. */
async function take(company: Company, step: Taken, twin: boolean): Promise<void> {
  switch (step.kind) {
    case 'deliver':
      return deliver(company, step.id, step.name);
    case 'rotate':
      return rm(join(company.folder, 'usage/late.jsonl'), { force: true });
    case 'run':
      return twin ? landAll(company) : void (await run(company));
    case 'gc':
      return twin ? undefined : void (await gc(company));
    default:
      return step satisfies never;
  }
}

async function landAll({ folder, pipelineFile }: Company): Promise<void> {
  const { sources, start } = await readPipeline(pipelineFile);
  const outside = { start, now: () => LATER, env: {} };
  for (const config of sources)
    await land({ config, root: folder, landingDir: join(folder, STATE, 'landing'), listener: () => undefined, outside });
}

async function forced(company: Company): Promise<void> {
  const { runPipeline } = await import('../src/run/run.js');
  await runPipeline({ ...company, scope: {}, threads: 1, force: true, listener: () => undefined, now: () => LATER });
}
