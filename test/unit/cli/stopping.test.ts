// Signals to a process that said it stops in order, and then does not.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const STUCK = `
  import { stopOnSignals } from ${JSON.stringify(pathToFileURL('dist/cli/stopping.js').href)};
  stopOnSignals().orderly();
  setInterval(() => undefined, 1000);
  process.stdout.write('ready');`;

/** How it ended, and what it said. */
async function stopped(signals: readonly NodeJS.Signals[]): Promise<readonly [signal: string | null, err: string]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', STUCK], { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text) => (err += String(text)));
  const ended = new Promise<string | null>((resolve) => child.once('close', (_, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [await ended, err];
}

it('is killed by a second signal before it is given up', async () => {
  // Who is given up says so.
  expect(await stopped(['SIGTERM', 'SIGTERM'])).toEqual(['SIGTERM', '']);
});

it('is given up when it has not ended in two seconds, and says so', async () => {
  const told = 'showback: stopped by SIGINT; what was published before still stands, run again to go on\n';
  expect(await stopped(['SIGINT'])).toEqual(['SIGINT', told]);
});
