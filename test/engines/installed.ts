// What `make engines` installed, and how its servers run: on 127.0.0.1, ended with whoever started them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const SETUP = join(import.meta.dirname, 'setup');

interface Installed {
  readonly trinoVersion: string;
  readonly trinoHome: string;
  readonly versitygw: string;
  readonly java: string;
}

/** The places of the engines; refuses where they are not installed. */
export function installed(): Installed {
  const told = execFileSync('bash', [join(SETUP, 'versions.sh')], { encoding: 'utf8' });
  const places = JSON.parse(told) as Installed & { readonly installed: boolean };
  if (!places.installed) throw new Error('the engines are not installed: run `make engines`');
  return places;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}

export interface Started {
  /** Throws with the end of the server's log when it is no longer running. */
  readonly check: () => void;
  readonly stop: () => Promise<void>;
}

interface Command {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}

/** A server in a process group of its own, so that Ctrl-C reaches the tests first; the pipe ends it when they are gone. */
export function serve({ name, command, cwd, env, log }: Command): Started {
  const file = openSync(log, 'w');
  const child = spawn('bash', [join(SETUP, 'watched.sh'), ...command], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['pipe', file, file],
    detached: true,
  });
  closeSync(file);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve()).once('error', () => resolve());
  });
  return {
    check: () => {
      if (child.exitCode === null && child.signalCode === null) return;
      throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}:\n${lastLines(log)}`);
    },
    stop: async () => endServer(child, ended),
  };
}

async function endServer(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.on('error', () => undefined).end();
  // watched.sh kills what does not end in 4 seconds; this is for a machine where even that hangs.
  const last = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 10_000);
  await ended;
  clearTimeout(last);
}

function lastLines(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-25).join('\n');
}

/** Asks until the answer is yes: a server that starts, a query that is under way. */
export async function until(
  what: string,
  seconds: number,
  ask: () => Promise<boolean>,
  check: () => void = () => undefined,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    check();
    if (await ask()) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
