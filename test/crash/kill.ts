// Starts a run in a process of its own that is killed at one point, and says whether it got there.
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { readCatalog } from '../../src/model/catalog.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

export type Point =
  | { readonly kind: 'none' }
  | { readonly kind: 'step'; readonly step: string; readonly state: 'started' | 'done' }
  | { readonly kind: 'mutation'; readonly number: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'moment'; readonly step: string; readonly milliseconds: number };

/** What the driver is told. */
export interface Drive {
  readonly folder: string;
  readonly kill: Point;
  readonly catalog: string;
  /** Where it writes what it saw, if it gets to its end. */
  readonly seen?: string;
  /** Where it copies the folder to before a change of each kind. */
  readonly copies?: string;
  /** Before every change, not once for each kind. */
  readonly everyCopy?: boolean;
}

/** What an undisturbed run does, in order. */
export interface Seen {
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
  readonly mutations: readonly { readonly op: string; readonly path: string; readonly number: number }[];
  /** Kind of change (and number, where every one is copied) → the folder as it was before. */
  readonly copies: Readonly<Record<string, string>>;
}

const DRIVER = join(import.meta.dirname, 'driver.mjs');

/** For every driver: they do not read the models again. */
export async function writeCatalog(path: string): Promise<void> {
  await using warehouse = await openDuckDb({ threads: 1 });
  await writeFile(path, serialize(await readCatalog(join(import.meta.dirname, '../../sql'), warehouse)));
}

/** `killed`, or `ended` where the run was over before its point came. Anything else is thrown. */
export async function drive(told: Drive): Promise<'killed' | 'ended'> {
  const child = spawn(process.execPath, [DRIVER, JSON.stringify(told)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text) => (err += String(text)));
  const [code, signal] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  if (signal === 'SIGKILL') return 'killed';
  if (code === 0) return 'ended';
  throw new Error(`the driver ended with ${signal ?? code}: ${err}`);
}

/** Runs to the end and tells what there was to be killed at. */
export async function census(folder: string, catalog: string, copies: string, everyCopy: boolean): Promise<Seen> {
  const seen = `${folder}.seen`;
  await drive({ folder, catalog, seen, copies, everyCopy, kill: { kind: 'none' } });
  return JSON.parse(await readFile(seen, 'utf8')) as Seen;
}

export function pointText(point: Point): string {
  switch (point.kind) {
    case 'none':
      return 'nowhere';
    case 'step':
      return `${point.state === 'started' ? 'before' : 'after'} ${point.step}`;
    case 'mutation':
      return `${point.when} file change ${point.number}`;
    case 'moment':
      return `${point.milliseconds} ms into ${point.step}`;
    default:
      return point satisfies never;
  }
}
