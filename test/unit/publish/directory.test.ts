// Publishing to a folder: what is there afterwards, what is told, and what is refused.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { EngineError } from '../../../src/warehouse/warehouse.js';
import { type Published, type PublishRequest, publishRun, readPublished } from '../../../src/publish/directory.js';

let out = '';

beforeEach(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'publish-'));
  await chmod(dir, 0o755);
  out = join(dir, 'out');
});
afterEach(async () => {
  await rm(join(out, '..'), { recursive: true, force: true });
});

const MADE = [{ month: '2026-09', asOf: '2026-09-30', inputs: 'ab12' }];
const FACTS = { pipeline: 'demo', asOf: '2026-09-30', currency: 'EUR', months: ['2026-08', '2026-09'], made: MADE };

/** A run whose files say which run they are of. */
function request(runId: string, changes: Partial<PublishRequest> = {}): PublishRequest {
  return {
    outDir: out,
    runId,
    manifest: FACTS,
    stage: async (dir) => {
      await mkdir(join(dir, 'csv/2026-09'), { recursive: true });
      await writeFile(join(dir, 'csv/2026-09/team.csv'), `team,run\nweb,${runId}\n`);
      await writeFile(join(dir, 'arrow/team.arrow'), runId);
      return [
        { path: 'csv/2026-09/team.csv', mart: 'team', month: '2026-09', rows: 1 },
        { path: 'arrow/team.arrow', mart: 'team', month: null, rows: 1 },
      ];
    },
    ...changes,
  };
}

async function failureOf(work: Promise<Published>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe('a published run', () => {
  it('is reached through fixed links that lead through the one link that moves', async () => {
    await publishRun(request('aa11'));
    expect(await readlink(join(out, 'current'))).toBe('runs/aa11');
    expect(await readlink(join(out, 'csv'))).toBe('current/csv');
    expect(await readlink(join(out, 'parquet'))).toBe('current/parquet');
    expect(await readlink(join(out, 'arrow'))).toBe('current/arrow');
    expect(await readlink(join(out, 'current.json'))).toBe('current/current.json');
    expect(await readFile(join(out, 'csv/2026-09/team.csv'), 'utf8')).toContain('aa11');
    expect(await readdir(join(out, 'parquet'))).toEqual([]);
  });

  it('tells every file with rows, bytes and hash, and no clock time', async () => {
    const published = await publishRun(request('aa11'));
    const text = await readFile(join(out, 'current.json'), 'utf8');
    const csv = await readFile(join(out, 'csv/2026-09/team.csv'));
    expect(JSON.parse(text)).toEqual({
      schema_version: 1,
      run_id: 'aa11',
      pipeline: 'demo',
      as_of: '2026-09-30',
      currency: 'EUR',
      months: ['2026-08', '2026-09'],
      made: [{ month: '2026-09', as_of: '2026-09-30', inputs: 'ab12' }],
      files: [
        { path: 'arrow/team.arrow', mart: 'team', month: null, rows: 1, bytes: 4, sha256: sha256(Buffer.from('aa11')) },
        { path: 'csv/2026-09/team.csv', mart: 'team', month: '2026-09', rows: 1, bytes: csv.length, sha256: sha256(csv) },
      ],
    });
    expect(await readPublished(out)).toEqual(published.manifest);
    expect(published).toMatchObject({ outcome: 'published', dir: join(out, 'runs/aa11'), removed: [] });
  });

  it('is left alone where the same run is there already, and becomes current again', async () => {
    await publishRun(request('aa11'));
    const before = await lstat(join(out, 'runs/aa11/csv/2026-09/team.csv'));
    await publishRun(request('bb22'));
    expect((await publishRun(request('aa11'))).outcome).toBe('flipped');
    const after = await lstat(join(out, 'runs/aa11/csv/2026-09/team.csv'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(await readlink(join(out, 'current'))).toBe('runs/aa11');
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'aa11', 'bb22']);
  });

  it('is written again where somebody changed its files', async () => {
    await publishRun(request('aa11'));
    await writeFile(join(out, 'runs/aa11/csv/2026-09/team.csv'), 'team,run\nweb,forged\n');
    expect((await publishRun(request('aa11'))).outcome).toBe('published');
    expect(await readFile(join(out, 'csv/2026-09/team.csv'), 'utf8')).toContain('aa11');
  });

  it('has nothing before the first publish', async () => {
    expect(await readPublished(out)).toBeNull();
  });
});

describe('old runs', () => {
  it('stay: the two last ones beside the current one', async () => {
    for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) await publishRun(request(id));
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'r3', 'r4', 'r5']);
  });

  it('go by when they were current, not by their name or age', async () => {
    for (const id of ['r1', 'r2', 'r3']) await publishRun(request(id));
    await publishRun(request('r1'));
    const published = await publishRun(request('r4'));
    expect(published.removed).toEqual(['r2']);
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'r1', 'r3', 'r4']);
  });

  it('stay in larger number where asked, never in smaller', async () => {
    for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) await publishRun(request(id, { keep: id === 'r5' ? 0 : 9 }));
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'r3', 'r4', 'r5']);
  });

  it('are told from folders of somebody else, which stay', async () => {
    await mkdir(join(out, 'runs/notes'), { recursive: true });
    for (const id of ['r1', 'r2', 'r3', 'r4']) await publishRun(request(id));
    expect(await readdir(join(out, 'runs'))).toContain('notes');
  });
});

describe('what a killed run leaves', () => {
  it('is swept by the next one: partial folders, half-made links, half-removed runs', async () => {
    await publishRun(request('r1'));
    await mkdir(join(out, 'runs/r2.partial/csv'), { recursive: true });
    await writeFile(join(out, 'runs/r2.partial/csv/half.csv'), 'te');
    await mkdir(join(out, 'runs/r0.old.partial'));
    await symlink('runs/r2', join(out, '.current.partial'));
    await symlink('current/csv', join(out, '.csv.partial'));
    await rm(join(out, 'csv'));
    await publishRun(request('r2'));
    expect((await readdir(out)).sort()).toEqual(['arrow', 'csv', 'current', 'current.json', 'parquet', 'runs']);
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'r1', 'r2']);
    expect(await readdir(join(out, 'runs/r2/csv'))).toEqual(['2026-09']);
  });

  it('between the rename and the flip, is a whole run: the next one flips to it', async () => {
    await publishRun(request('r1'));
    await publishRun(request('r2'));
    await rm(join(out, 'current'));
    await symlink('runs/r1', join(out, 'current'));
    expect((await publishRun(request('r2'))).outcome).toBe('flipped');
    expect(await readlink(join(out, 'current'))).toBe('runs/r2');
  });

  it('is nothing at all where staging fails: the old run stands', async () => {
    await publishRun(request('r1'));
    const broken = request('r2', { stage: async () => Promise.reject(new Error('no such mart')) });
    await expect(publishRun(broken)).rejects.toThrow('no such mart');
    expect(await readlink(join(out, 'current'))).toBe('runs/r1');
    expect((await readdir(join(out, 'runs'))).sort()).toEqual(['.order', 'r1']);
  });
});

describe('what is refused', () => {
  it('names that publishing owns and somebody else took, all at once, before anything is written', async () => {
    await mkdir(join(out, 'csv'), { recursive: true });
    await writeFile(join(out, 'current.json'), '{}');
    const failure = await failureOf(publishRun(request('r1')));
    expect(failure.kind).toBe('user');
    expect(failure.problems.map((problem) => problem.place?.file)).toEqual([join(out, 'csv'), join(out, 'current.json')]);
    expect(existsSync(join(out, 'runs'))).toBe(false);
  });

  it('an output folder that is a file', async () => {
    await writeFile(out, 'mine');
    const failure = await failureOf(publishRun(request('r1')));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['user', 'publish/not-a-folder']);
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EROFS', 'read-only'],
    ['EACCES', 'no permission'],
    ['EDQUOT', 'quota'],
  ])('%s, as a state of the world with a remedy', async (code, words) => {
    await publishRun(request('r1'));
    const stage = async (): Promise<never> => Promise.reject(Object.assign(new Error(`${code}: write`), { code }));
    const failure = await failureOf(publishRun(request('r2', { stage })));
    expect(failure.exitCode).toBe(4);
    expect(failure.message).toContain(words);
    expect(failure.problems[0]?.remedy).not.toBe('');
    expect(await readlink(join(out, 'current'))).toBe('runs/r1');
  });

  it('a full disk that the engine tells in words', async () => {
    const words = 'Could not write file "x": No space left on device';
    const failure = await failureOf(
      publishRun(request('r1', { stage: async () => Promise.reject(new EngineError('IO', words, null)) })),
    );
    expect(failure.kind).toBe('unavailable');
  });

  it('a folder without write permission', async () => {
    await mkdir(out);
    await chmod(out, 0o555);
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      const failure = await failureOf(publishRun(request('r1')));
      expect(failure.kind).toBe('unavailable');
      expect(failure.problems[0]?.place?.file).toContain(out);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it.each(['', '../up', '.hidden', 'a/b', 'x.partial'])('a run id that is no name of a folder: %j', async (runId) => {
    await expect(publishRun(request(runId))).rejects.toThrow('cannot be the name of a folder');
  });

  it('files that are staged and not told, or told and not staged', async () => {
    const stage = request('r1').stage;
    const less = request('r1', { stage: async (dir) => (await stage(dir)).slice(1) });
    await expect(publishRun(less)).rejects.toThrow('staged but not told: csv/2026-09/team.csv');
    const ghost = { path: '../ghost.csv', mart: 'team', month: null, rows: 0 };
    const more = request('r1', { stage: async (dir) => [...(await stage(dir)), ghost] });
    await expect(publishRun(more)).rejects.toThrow('told but not staged');
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
