// The folder of a run on S3 and the notes of its queries here belong together, or the run begins anew; and a log that goes while it is read is told.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFolder, markKey, notedMark, type RunFolder } from '../../../src/run/athena-folder.js';
import { refuseGone } from '../../../src/run/athena-load.js';
import { openStore } from '../../../src/store/s3.js';
import type { ObjectStore } from '../../../src/store/store.js';
import { startStub, type Stub } from '../store/stub-server.js';

let stub: Stub;
let store: ObjectStore;
let state = '';

beforeEach(async () => {
  stub = await startStub();
  state = await mkdtemp(join(tmpdir(), 'athena-folder-'));
  const { bucket, region, endpoint, keys: credentials } = stub;
  store = openStore({ bucket, region, endpoint, credentials, pathStyle: true });
});
afterEach(async () => {
  store.close();
  await stub.close();
  await rm(state, { recursive: true, force: true });
});

function folder(pipeline = 'shop'): RunFolder {
  return { store, run: 'r1', pipeline, notes: join(state, 'athena/r1') };
}

/** What a model left there, and the note that it is built. */
async function leaveModel(): Promise<void> {
  await store.put(markKey('r1').replace('showback.json', 'model/data.parquet'), 'rows');
  await writeFile(join(state, 'athena/r1/model.ndjson'), 'done');
}

async function left(): Promise<readonly string[]> {
  return [
    ...[...stub.objects.keys()].map((key) => key.split('/').slice(1).join('/')),
    ...(await readdir(join(state, 'athena/r1'))),
  ].toSorted();
}

describe('the folder of a run', () => {
  it('is found again as it was left', async () => {
    await claimFolder(folder());
    await leaveModel();
    const before = await left();
    const mark = await notedMark(join(state, 'athena/r1'));
    await claimFolder(folder());
    expect([await left(), await notedMark(join(state, 'athena/r1'))]).toEqual([before, mark]);
  });

  it.each([
    [
      'its files were collected, and others lie there',
      async () => store.put(markKey('r1'), JSON.stringify({ pipeline: 'shop', mark: 'another' })),
    ],
    ['its mark went', async () => store.remove([markKey('r1')])],
    [
      'its notes are of another making',
      async () => writeFile(join(state, 'athena/r1/showback.json'), JSON.stringify({ pipeline: 'shop', mark: 'another' })),
    ],
    ['its notes were lost', async () => rm(join(state, 'athena/r1'), { recursive: true })],
    ['its notes are cut', async () => writeFile(join(state, 'athena/r1/showback.json'), '{"pipe')],
  ])('begins anew where %s: no model counts as built', async (_, damage) => {
    await claimFolder(folder());
    await leaveModel();
    await damage();
    await claimFolder(folder());
    expect(await left()).toEqual(['showback.json', 'showback.json']);
  });

  it('of another pipeline is refused, and nothing of it goes', async () => {
    await claimFolder(folder('other'));
    await leaveModel();
    const before = await left();
    await expect(claimFolder(folder())).rejects.toMatchObject({ exitCode: 2, problems: [{ code: 'athena/target-taken' }] });
    await mkdir(join(state, 'athena'), { recursive: true });
    expect(await left()).toEqual(before);
  });
});

describe('a log that goes or changes while it is read', () => {
  it('is told, since its records would be others without a word', async () => {
    const objects = ['a.jsonl', 'b.jsonl', 'c.jsonl'].map((object) => ({ object, bytes: 1 }));
    for (const { object } of objects) await store.put(`landing/6170/${object}`, 'x');
    await refuseGone(store, 'landing/6170/', objects);
    await store.remove(['landing/6170/b.jsonl']);
    await store.put('landing/6170/c.jsonl', 'other');
    const told = refuseGone(store, 'landing/6170/', objects);
    await expect(told).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'athena/files-differ' }] });
    await expect(told).rejects.toThrow('2 logs went away or were replaced while they were read, b.jsonl the first');
  });
});
