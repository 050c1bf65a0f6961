// What comes from outside while a run is at work: signals, a second run, a source that is still written, closed pipes, a clock set back.
import { spawn, spawnSync } from 'node:child_process';
import { appendFile, chmod, cp, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Stopped } from '../../src/kernel/failure.js';
import { readHistory } from '../../src/run/ledger.js';
import { runPipeline } from '../../src/run/run.js';
import { run } from '../golden/company.js';
import { leftBehind, publishedBytes, readersSee } from './aftermath.js';
import { deliverMore, makeCompany, ROOM } from './company.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const EVERY = process.env['CRASH'] === 'every';
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const SLOW = 120_000;
const NOW = new Date('2031-01-01T00:00:00Z');

let home = '';
let company = '';
let older: Readonly<Record<string, string>> = {};
/** Of a run that nothing disturbs. */
let newer: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  home = await mkdtemp(join(ROOM, 'showback-stop-'));
  company = await makeCompany();
  await runIn(company);
  older = await publishedBytes(join(company, 'out'));
  await deliverMore(company);
  const twin = await copyOf();
  await runIn(twin);
  newer = await publishedBytes(join(twin, 'out'));
}, SLOW);

afterAll(async () => {
  for (const folder of [home, company]) await rm(folder, { recursive: true, force: true });
});

async function copyOf(): Promise<string> {
  const folder = await mkdtemp(join(home, 'company-'));
  await cp(company, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return folder;
}

async function runIn(folder: string) {
  return run({ folder, pipelineFile: join(folder, 'pipeline.yaml') });
}

interface Ended {
  readonly code: number | null;
  readonly err: string;
  /** From the signal to the end. */
  readonly milliseconds: number;
}

/** Runs the built program and does `meanwhile` with it. */
async function showback(
  folder: string,
  meanwhile: (child: ReturnType<typeof spawn>) => Promise<void>,
  more: readonly string[] = [],
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'run', `${folder}/pipeline.yaml`, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text) => (err += String(text)));
  child.stdout.resume();
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await meanwhile(child);
  const began = performance.now();
  const code = await ended;
  return { code, err, milliseconds: performance.now() - began };
}

/** Resolves when the ledger tells that a run began, and `milliseconds` later. */
async function atWork(folder: string, milliseconds: number): Promise<void> {
  const known = (await readHistory(join(folder, '.showback'))).length;
  while ((await readHistory(join(folder, '.showback'))).length === known) await pause(10);
  await pause(milliseconds);
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const STEPS = [
  'land app',
  'load the lake',
  'fill the parameters',
  'build staging.charge',
  'allocate level 1',
  'check the controls',
  'publish',
];

describe('a stop', () => {
  it.each(STEPS.filter((_, at) => EVERY || at % 2 === 0))(
    'in the step `%s` ends the run there, in order',
    { timeout: SLOW },
    async (step) => {
      const folder = await copyOf();
      const stopping = new AbortController();
      let began = 0;
      const running = runPipeline({
        pipelineFile: join(folder, 'pipeline.yaml'),
        scope: {},
        force: false,
        threads: 1,
        signal: stopping.signal,
        now: () => NOW,
        listener: (event) => {
          if (event.kind !== 'step' || event.step !== step || event.state !== 'started') return;
          setTimeout(() => {
            began = performance.now();
            stopping.abort(new Stopped('SIGTERM'));
          }, 2);
        },
      });
      await expect(running).rejects.toBeInstanceOf(Stopped);
      expect(performance.now() - began).toBeLessThan(2000);
      expect((await readHistory(join(folder, '.showback'))).at(-1)).toMatchObject({ outcome: 'stopped', failure: null });
      expect(await publishedBytes(join(folder, 'out'))).toEqual(older);
      expect(await leftBehind(folder)).toEqual([]);
      await rm(folder, { recursive: true });
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s is told in one line, with exit code %i', { timeout: SLOW }, async (signal, code) => {
    const folder = await copyOf();
    const told = await showback(folder, async (child) => {
      await atWork(folder, 200);
      child.kill(signal);
    });
    expect(told.code).toBe(code);
    expect(told.err.split('\n').filter((line) => line.startsWith('showback'))).toEqual([
      `showback: stopped by ${signal}; what was published before still stands, run again to go on`,
    ]);
    expect(told.milliseconds).toBeLessThan(5000);
    expect(await publishedBytes(join(folder, 'out'))).toEqual(older);
    expect((await runIn(folder)).outcome).toBe('published');
  });
});

describe('two runs at once', () => {
  it('the second leaves with 75 and one line, whenever it comes, and the first is not disturbed', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    const seconds: Ended[] = [];
    const first = await showback(folder, async () => {
      await atWork(folder, 0);
      for (const offset of [0, 150]) {
        await pause(offset);
        seconds.push(await showback(folder, async () => undefined));
      }
    }, ['--force']);
    expect(first.code).toBe(0);
    const refused = seconds.filter(({ code }) => code === 75);
    expect(refused.length).toBeGreaterThan(0);
    for (const { code } of seconds) expect([0, 75]).toContain(code);
    for (const { err } of refused) expect(err).toMatch(/another run holds .*\(PID \d+\) \[run\/locked\]\n/);
    expect(await readersSee(join(folder, 'out'))).not.toBeNull();
  });
});

describe('a source', () => {
  it('that is written while it lands is refused with 4, and lands when it is whole', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    const file = join(folder, 'usage/growing.jsonl');
    const line = `${JSON.stringify({ event_id: 'g', event_time: '2026-08-01T00:00:00Z', provider: 'openai', model: 'gpt-six', feature_id: 'chat', input_tokens: 1 })}\n`;
    await writeFile(file, line.repeat(60_000));
    const writer = spawn(process.execPath, [
      '-e',
      `setInterval(() => require('fs').appendFileSync(process.argv[1], ${JSON.stringify(line)}), 0)`,
      file,
    ]);
    const { size } = await stat(file);
    while ((await stat(file)).size === size) await pause(10);
    try {
      await expect(runIn(folder)).rejects.toMatchObject({
        kind: 'unavailable',
        problems: [{ code: 'source/changed', message: '`usage/growing.jsonl` changed while it was being copied' }],
      });
    } finally {
      writer.kill('SIGKILL');
      await new Promise((resolve) => writer.once('close', resolve));
    }
    expect(await publishedBytes(join(folder, 'out'))).toEqual(older);
    expect((await runIn(folder)).outcome).toBe('published');
    expect(await leftBehind(folder)).toEqual([]);
  });

  it('that may not be read is refused with 4', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    await chmod(join(folder, 'usage/late.jsonl'), 0);
    // Who may read everything is nobody for a moment.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) spawnSync('chown', ['-R', '65534', folder, home]);
    if (isRoot) process.seteuid?.(65_534);
    const ended = await runIn(folder).catch((error: unknown) => error);
    if (isRoot) process.seteuid?.(0);
    expect(ended).toMatchObject({
      kind: 'unavailable',
      problems: [{ code: 'source/unreadable', place: { file: 'usage/late.jsonl' } }],
    });
    expect(await publishedBytes(join(folder, 'out'))).toEqual(older);
  });
});

describe('a published folder', () => {
  it('on another file system than the state is published to alike', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    const elsewhere = await mkdtemp(join(tmpdir(), 'showback-elsewhere-'));
    await cp(join(folder, 'out'), join(elsewhere, 'out'), { recursive: true, verbatimSymlinks: true });
    await rename(join(folder, 'out'), join(folder, 'moved'));
    await symlink(join(elsewhere, 'out'), join(folder, 'out'));
    await runIn(folder);
    expect(await publishedBytes(join(folder, 'out'))).toEqual(newer);
    await rm(elsewhere, { recursive: true });
  });
});

describe('a state folder', () => {
  it('where a file is in its place is refused with 4', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    await rm(join(folder, '.showback'), { recursive: true });
    await writeFile(join(folder, '.showback'), 'not a folder');
    await expect(runIn(folder)).rejects.toMatchObject({ kind: 'unavailable', problems: [{ code: 'run/state' }] });
    expect(await publishedBytes(join(folder, 'out'))).toEqual(older);
  });
});

describe('a clock that was set back', () => {
  it('changes no byte: what is published, its order, and what `show` reads', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    const entry = {
      entry: 'started',
      attempt: '2099-01-01T00:00:00.000Z-x',
      at: '2099-01-01T00:00:00.000Z',
      asOf: '2099-01-01',
      months: [],
    };
    // And a line that a killed run cut.
    await appendFile(join(folder, '.showback/runs.ndjson'), `${JSON.stringify(entry)}\n{"entry":"step","att`);
    const request = { scope: {}, force: false, threads: 1, listener: () => undefined };
    await runPipeline({ ...request, pipelineFile: join(folder, 'pipeline.yaml'), now: () => new Date('2026-10-01T00:00:00Z') });
    expect(await publishedBytes(join(folder, 'out'))).toEqual(newer);
    const order = await readFile(join(folder, 'out/runs/.order'), 'utf8');
    expect(
      order
        .split('\n')
        .slice(0, 2)
        .map((id) => `runs/${id}`),
    ).toEqual([newer['→ current'], older['→ current']]);
    const history = await readHistory(join(folder, '.showback'));
    expect(history.map(({ outcome }) => outcome)).toEqual(['published', null, 'published']);
  });
});

describe('a reader that went', () => {
  it('does not stop a run: closed pipes change neither its end nor its exit code', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    const { code } = await showback(
      folder,
      async (child) => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      },
      ['--json'],
    );
    expect(code).toBe(0);
    expect((await runIn(folder)).outcome).toBe('unchanged');
  });
});
