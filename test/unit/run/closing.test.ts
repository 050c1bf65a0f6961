// What is refused of closed months before anything is computed, and what is told of an open gate.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { ModelEngine } from '../../../src/model/engine.js';
import type { Pipeline, SourceConfig } from '../../../src/pipeline/pipeline.js';
import type { Books, Lock } from '../../../src/run/books.js';
import { NO_BOOKS } from '../../../src/run/books.js';
import { refuseClosing } from '../../../src/run/close-refusals.js';
import { copyConfiguration } from '../../../src/run/config-copy.js';
import { openGates } from '../../../src/run/gates.js';
import { refuseGoneEvidence, sourcesAsClosed } from '../../../src/run/locked-sources.js';
import type { LandedFile } from '../../../src/source/source.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showback-closing-'));
});
afterAll(async () => rm(folder, { recursive: true }));

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.problems.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

const bill = (more: object): SourceConfig =>
  ({
    ...{ id: 'aws', kind: 'focus', role: 'money', provider: 'aws', account: null, basis: 'effective', coversUsage: true },
    ...{
      leavesOutServiceTiers: [],
      featureTag: null,
      layout: { kind: 'files', files: ['a/*.csv'] },
      place: { file: 'p.yaml', line: 4 },
    },
    ...more,
  }) as unknown as SourceConfig;

describe('sources of closed months', () => {
  it('are read as today and mean what they meant; new ones are as they are', () => {
    const today = [
      bill({ basis: 'billed', layout: { kind: 'files', files: ['b/*.csv'] } }),
      bill({ id: 'new', basis: 'billed' }),
    ];
    const [known, fresh] = sourcesAsClosed(today, [bill({})]);
    expect(known).toEqual(bill({ layout: { kind: 'files', files: ['b/*.csv'] } }));
    expect(fresh).toEqual(bill({ id: 'new', basis: 'billed' }));
  });

  it('cannot become of another kind', () => {
    const changed = [bill({ kind: 'invoice-csv' })];
    expect(problemsOf(() => sourcesAsClosed(changed, [bill({})]))).toEqual([
      'close/source-kind: source `aws` is of kind invoice-csv, and closed months know it as focus',
    ]);
  });
});

describe('evidence of closed months', () => {
  const file = (name: string, more: Partial<LandedFile> = {}): LandedFile => ({
    sourceId: 'aws',
    name,
    sha256: `sha of ${name}`,
    bytes: 1,
    path: '',
    unit: name,
    delivery: name,
    ...more,
  });
  const books = (...landed: readonly LandedFile[]): Books => ({
    closed: [{ month: '2026-07', dir: '', closedAt: '', lockSha256: '', lock: { landed } as unknown as Lock }],
    closing: null,
  });

  it('may be renamed or replaced, and not be missing', () => {
    const all = books(file('same.csv'), file('renamed.csv'), file('replaced.csv'), file('gone.csv'));
    const now = [
      file('same.csv'),
      file('other.csv', { sourceId: 'b', sha256: 'sha of renamed.csv' }),
      file('replaced.csv', { sha256: 'x' }),
    ];
    expect(problemsOf(() => refuseGoneEvidence(all, [bill({})], now))).toEqual([
      'close/evidence-gone: `gone.csv` of source `aws` is not there any more, and 2026-07 was closed with it',
    ]);
  });

  it('that a provider is asked for may come in other pages', () => {
    const pulled = bill({ layout: { kind: 'pull', pull: {} } });
    expect(problemsOf(() => refuseGoneEvidence(books(file('page-7')), [pulled], []))).toEqual([]);
  });
});

it('a pipeline on Athena closes nothing', () => {
  const pipeline = { engine: { kind: 'athena' }, start: '2026-07' } as unknown as Pipeline;
  expect(problemsOf(() => refuseClosing(pipeline, NO_BOOKS, '2026-07'))).toEqual([
    'close/athena: a pipeline that runs on Athena cannot have closed months yet',
  ]);
});

it('every gate says what is open and what to do', async () => {
  const gates = ['bill-missing', 'bill-provisional', 'days-to-come', 'unpriced', 'coverage', 'unallocated'];
  const rows = gates.map((gate) => ({ gate, scope: 'aws', currency: 'USD', wanted: '0.900000000000', actual: '2.000000000000' }));
  const problems = await openGates({ rows: async () => rows } as unknown as ModelEngine, '2026-07');
  expect(problems.map(({ code }) => code)).toEqual(gates.map((gate) => `close/${gate}`));
  expect(problems[2]?.message).toBe('2 charges of `aws` in 2026-07 last beyond the day through which evidence counts');
  for (const { message, remedy } of problems) {
    expect(message).toContain('2026-07');
    expect(remedy.length).toBeGreaterThan(20);
  }
});

it('a configuration that changes while it is copied is not what the month was built with', async () => {
  await writeFile(join(folder, 'pipeline.yaml'), 'name: b\n');
  const pipeline = {
    root: folder,
    file: join(folder, 'pipeline.yaml'),
    files: [{ path: 'pipeline.yaml', sha256: 'of name: a' }],
  };
  const failure = await copyConfiguration(pipeline as unknown as Pipeline, join(folder, 'close')).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ kind: 'unavailable', problems: [{ code: 'close/changed-meanwhile' }] });
});
