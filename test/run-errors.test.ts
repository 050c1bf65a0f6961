// The command line as a process, where a run cannot go on: exit code, the first lines of stderr, and what was published stays as it was.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesBelow } from './golden/company.js';

const REPO = join(import.meta.dirname, '..');
const MAIN = join(REPO, 'dist/cli/main.js');
const SLOW = 120_000;

let folder = '';
let published: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error('dist/ is missing: make build');
  folder = await mkdtemp(join(tmpdir(), 'showback-cli-'));
  await cp(join(REPO, 'fixtures/errors/.base/running'), folder, { recursive: true });
  const told = showback('run');
  if (told.status !== 0) throw new Error(told.stderr);
  published = await bytesBelow(join(folder, 'out'));
}, SLOW);

afterAll(async () => rm(folder, { recursive: true, force: true }));

function showback(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: 'utf8' });
}

/** Starts a run and waits until it tells that this step began. */
async function runUntil(text: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'run', '--json', '--force'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      if (out.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`ended before ${text}: ${out}`)));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

async function stands(): Promise<void> {
  expect(await bytesBelow(join(folder, 'out'))).toEqual(published);
}

describe('a run that cannot go on', () => {
  it.each([
    ['a month that is none', ['run', '--month', '2026-13'], /cannot be `2026-13`[^]*a month is written as 2026-09/],
    ['a month before the books', ['run', '--month', '2026-06'], /the books start in 2026-07, after 2026-06/],
    ['an option that is not known', ['run', '--mnth', '2026-07'], /unknown option '--mnth'/],
    ['a pipeline that is not there', ['run', 'no.yaml'], /no\.yaml/],
  ] as const)('is refused with 2: %s', { timeout: SLOW }, async (_, args, words) => {
    const told = showback(...args);
    expect([told.status, told.stdout]).toEqual([2, '']);
    expect(told.stderr.split('\n').slice(0, 4).join('\n')).toMatch(words);
    await stands();
    expect(Object.keys(published)).toContain('current.json');
  });

  it('ends with 3 where a control fails, and tells the rows', { timeout: SLOW }, async () => {
    const bill = join(folder, 'bills/vector/2026-07.csv');
    const text = await readFile(bill, 'utf8');
    await writeFile(bill, text.replace('Total,42.00', 'Total,42.01'));
    const told = showback('run');
    await writeFile(bill, text);
    expect(told.status).toBe(3);
    expect(told.stderr).toContain('1 check failed; nothing was published');
    expect(told.stderr).toContain('expected=42.010000000000  actual=42.000000000000');
    await stands();
  });

  // Root reads and writes whatever the permissions say, so a file stands in the way instead.
  it('ends with 4 where the state folder cannot be one', { timeout: SLOW }, async () => {
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    await cp(join(REPO, 'fixtures/errors/.base/running'), elsewhere, { recursive: true });
    await writeFile(join(elsewhere, '.showback'), 'a file');
    const told = showback('run', 'elsewhere/pipeline.yaml');
    expect(told.status).toBe(4);
    expect(told.stderr).toMatch(/^showback: not available now; run again later\n\ncannot write the state folder .*\.showback/m);
    expect(existsSync(join(elsewhere, 'out'))).toBe(false);
    await rm(elsewhere, { recursive: true });
    await stands();
  });

  it('ends with 75 while another process runs, and with 130 where it is stopped', { timeout: SLOW }, async () => {
    const child = await runUntil('"step":"load the lake"');
    // Held where it is, so that a fast machine does not end it first.
    child.kill('SIGSTOP');
    const told = showback('run');
    expect(told.status).toBe(75);
    expect(told.stderr).toMatch(new RegExp(`^showback: another run is at work\n\nanother run holds .*PID ${child.pid}`));
    child.kill('SIGINT');
    child.kill('SIGCONT');
    expect(await ended(child)).toBe(130);
    await stands();
  });

  it('leaves what was published where it stood when it is stopped while it publishes, and a rerun works', {
    timeout: SLOW,
  }, async () => {
    const step = '"step":"publish"';
    const late = join(folder, 'usage/late.jsonl');
    const [record = ''] = (await readFile(join(folder, 'usage/july.jsonl'), 'utf8')).split('\n');
    await writeFile(late, record.replace('"event_id":"1"', '"event_id":"late"'));
    const child = await runUntil(step);
    child.kill('SIGINT');
    expect(await ended(child)).toBe(130);
    // What got its name before the flip is not published yet.
    const now = await bytesBelow(join(folder, 'out'));
    const seen = Object.keys(published).filter((name) => name !== 'runs/.order');
    expect(Object.fromEntries(seen.map((name) => [name, now[name]]))).toEqual(
      Object.fromEntries(seen.map((name) => [name, published[name]])),
    );
    const again = showback('run');
    expect([again.status, again.stderr]).toEqual([0, expect.stringContaining('publish')]);
    const after = await bytesBelow(join(folder, 'out'));
    expect(after['current']).not.toBe(published['current']);
    expect(Object.keys(after).filter((name) => name.includes('.partial'))).toEqual([]);
  });
});
