// Two processes on one state folder: whoever comes second is told who holds it and leaves with 75, or waits as long as it was told to.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesBelow } from './golden/company.js';

const REPO = join(import.meta.dirname, '..');
const MAIN = join(REPO, 'dist/cli/main.js');
const SLOW = 60_000;

let folder = '';
/** A run that stands still with the lock in its hands. */
let holder: ChildProcess;

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error('dist/ is missing: make build');
  folder = await mkdtemp(join(tmpdir(), 'showback-two-'));
  await cp(join(REPO, 'fixtures/errors/.base/running'), folder, { recursive: true });
  holder = spawn(process.execPath, [MAIN, 'run', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  await told(holder.stdout, '"kind":"step"');
  // Held where it is, so that a fast machine does not end it first.
  holder.kill('SIGSTOP');
}, SLOW);

afterAll(async () => {
  holder.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function told(stream: NodeJS.ReadableStream | null, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    stream?.on('data', (chunk) => {
      seen += String(chunk);
      if (seen.includes(words)) resolve();
    });
    stream?.once('close', () => reject(new Error(`ended before ${words}: ${seen}`)));
  });
}

const SECOND: readonly (readonly [string, ...string[]])[] = [
  ['run', '--wait', '1'],
  ['gc', '--wait', '1'],
  ['backfill', '--from', '2026-07'],
];

it('leave with 75 and name the holder: run, backfill and gc beside a run', { timeout: SLOW }, async () => {
  const before = Object.keys(await bytesBelow(folder));
  const all = SECOND.map(async ([command, ...args]) => {
    const began = performance.now();
    const second = spawn(process.execPath, [MAIN, command, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = [text(second.stdout), text(second.stderr)];
    const status = await new Promise((resolve) => second.once('close', resolve));
    expect([status, await out]).toEqual([75, '']);
    const words = `showback: another run is at work\n\nanother run holds .*/\\.showback \\(PID ${holder.pid}\\)`;
    expect(await err).toMatch(new RegExp(words));
    expect(performance.now() - began).toBeGreaterThan(args.includes('--wait') ? 1000 : 0);
  });
  await Promise.all(all);
  expect(Object.keys(await bytesBelow(folder))).toEqual(before);
});

it('waits where it is told to, and runs when the lock has gone with its process', { timeout: SLOW }, async () => {
  const ends = ['run', 'gc'].map((command) => {
    const second = spawn(process.execPath, [MAIN, command, '--wait', '50'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => second.once('close', resolve));
    return { ended, isTold: told(second.stderr, `(PID ${holder.pid}); waiting for up to 50 s`) };
  });
  for (const { isTold } of ends) await isTold;
  holder.kill('SIGKILL');
  expect(await Promise.all(ends.map(async ({ ended }) => ended))).toEqual([0, 0]);
  expect(existsSync(join(folder, 'out/current.json'))).toBe(true);
});
