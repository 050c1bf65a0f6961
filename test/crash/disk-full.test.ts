// A disk that is full at any change of a file: told in one line with a path and a remedy, nothing that was published is touched, and the
// run after it publishes the bytes of a run that nobody disturbed. For our own files the answer is planted; for the engine's it is real.
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { readHistory } from '../../src/run/ledger.js';
import { run } from '../golden/company.js';
import { leftBehind, publishedBytes } from './aftermath.js';
import { deliverMore, makeCompany, ROOM } from './company.js';
import { siteOf, watchMutations } from './mutations.mjs';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const EVERY = process.env['CRASH'] === 'every';
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const SLOW = EVERY ? 900_000 : 120_000;

let home = '';
/** An older run is published, and more came since. */
let company = '';
let older: Readonly<Record<string, string>> = {};
let newer: Readonly<Record<string, string>> = {};
/** Kinds of file change, in order. */
const sites: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(ROOM, 'showback-full-'));
  company = await makeCompany();
  await runIn(company);
  older = await publishedBytes(join(company, 'out'));
  await deliverMore(company);
  const undisturbed = await copyOf();
  const stop = await watchMutations(undisturbed, {
    before: (mutation) => void (sites.includes(siteOf(mutation)) || sites.push(siteOf(mutation))),
  });
  await runIn(undisturbed);
  stop();
  newer = await publishedBytes(join(undisturbed, 'out'));
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

/** From the first change of that kind on, the disk takes nothing more. */
async function runOnFullDisk(folder: string, site: string): Promise<unknown> {
  let isFull = false;
  const before = (mutation: Parameters<typeof siteOf>[0]): void => {
    isFull ||= siteOf(mutation) === site;
    if (!isFull || ['rm', 'unlink', 'rmdir'].includes(mutation.op)) return;
    const path = join(folder, mutation.path);
    throw Object.assign(new Error(`ENOSPC: no space left on device, ${mutation.op} '${path}'`), { code: 'ENOSPC', path });
  };
  const stop = await watchMutations(folder, { before });
  try {
    return await runIn(folder).catch((error: unknown) => error);
  } finally {
    stop();
  }
}

/** One problem with a path and a remedy; what is left to do behind the flip is no reason to fail. */
function saysSo(folder: string, ended: unknown): void {
  if (!(ended instanceof Error)) return;
  if (!(ended instanceof Failure)) throw ended;
  const [problem] = ended.problems;
  if (ended.kind !== 'unavailable' || ended.problems.length !== 1) throw ended;
  if (!ended.message.includes('the disk is full (ENOSPC)') || !ended.message.includes('free space')) throw ended;
  if (problem?.place?.file.startsWith(folder) !== true) throw ended;
}

async function isAsBefore(folder: string): Promise<void> {
  const bytes = await publishedBytes(join(folder, 'out'));
  // Behind the flip the new run is what readers see, whole.
  expect([older['→ current'], newer['→ current']]).toContain(bytes['→ current']);
  expect(bytes).toEqual(bytes['→ current'] === older['→ current'] ? older : newer);
}

async function goesOn(folder: string): Promise<void> {
  await runIn(folder);
  expect(await publishedBytes(join(folder, 'out'))).toEqual(newer);
  expect(await leftBehind(folder)).toEqual([]);
  expect(await readHistory(join(folder, '.showback'))).not.toEqual([]);
}

describe('a disk that is full', () => {
  it('at any kind of file change is told with a path and a remedy, and gone on from', { timeout: SLOW }, async () => {
    expect(sites.length).toBeGreaterThan(20);
    const lost: string[] = [];
    // One in twenty here, every one in the long test.
    for (const site of sites.filter((_, at) => EVERY || at % 20 === 8)) {
      const folder = await copyOf();
      try {
        const error = await runOnFullDisk(folder, site);
        saysSo(folder, error);
        await isAsBefore(folder);
        await goesOn(folder);
      } catch (error) {
        lost.push(`${site}: ${error instanceof Error ? error.message : String(error)}`);
      }
      await rm(folder, { recursive: true });
    }
    expect(lost).toEqual([]);
  });
});

interface Ended {
  readonly code: number | null;
  readonly err: string;
}

/** The built program in a shell of its own. */
function inShell(script: string): Ended {
  const told = spawnSync('bash', ['-c', script], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  return { code: told.status, err: told.stderr };
}

const canMount = inShell('unshare -rm mount -t tmpfs none /mnt').code === 0;
const reason = canMount ? '' : ' # reason: no mounts without privileges on this machine';

describe('what the engine writes', () => {
  it('beyond the limit of file size ends with 4', { timeout: SLOW }, async () => {
    const folder = await copyOf();
    // Units of 1 KiB: the lake and the CSVs fit, the warehouse file does not.
    const { code, err } = inShell(`ulimit -f 64; "${process.execPath}" "${MAIN}" run "${folder}/pipeline.yaml"`);
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/warehouse[.]partial[.]duckdb.*: cannot write the warehouse file of the run: .*EFBIG/),
    ]);
    await isAsBefore(folder);
    await goesOn(folder);
  });

  it.skipIf(!canMount)(`to a disk that is really full ends with 4${reason}`, { timeout: SLOW }, async () => {
    const disks = [
      ['state', 400],
      ['out', 120],
    ] as const;
    for (const [what, size] of disks.slice(EVERY ? 0 : 1)) {
      const folder = await copyOf();
      const at = join(folder, what === 'state' ? '.showback' : 'out');
      const mount = `cp -a "${at}" "${folder}/kept" && mount -t tmpfs -o size=$(( $(du -s --block-size=1k "${at}" | cut -f1) + ${size} ))k none "${at}" && cp -a "${folder}/kept/." "${at}/"`;
      const { code, err } = inShell(
        `unshare -rm bash -c '${mount} && "${process.execPath}" "${MAIN}" run "${folder}/pipeline.yaml"; code=$?; ls "${at}" > /dev/null; exit $code'`,
      );
      expect([what, size, code, err]).toEqual([what, size, 4, expect.stringContaining('the disk is full')]);
      await rm(folder, { recursive: true });
    }
  });
});
