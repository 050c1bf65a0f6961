// landing/: what arrives, when it arrives badly.
import { appendFile, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BOMB, integrityOf } from '../../../src/source/integrity.js';
import { LandingStore } from '../../../src/source/landing.js';
import { localArrival } from '../../../src/source/local-file.js';
import { Company, usage } from '../../contract/company.js';

const INDEX = '.showback/landing/index.ndjson';

describe('landing', () => {
  test('notices a file that changes while it is copied', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': 'x'.repeat(32 << 20) });
    let over = false;
    const landing = company.land(usage()).finally(() => (over = true));
    const writing = (async () => {
      while (!over) await appendFile(company.path('logs/a.jsonl'), 'y');
    })();
    await expect(landing).rejects.toMatchObject({
      kind: 'unavailable',
      exitCode: 4,
      problems: [{ code: 'source/changed', place: { file: 'logs/a.jsonl' } }],
    });
    await writing;
    expect(await readdir(company.path('.showback/landing/arriving'))).toEqual([]);
    expect((await company.land(usage())).files).toHaveLength(1);
  });

  test('does not take the time of a file at its word', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': 'one' });
    const long = new Date('2026-01-01');
    await utimes(company.path('logs/a.jsonl'), long, long);
    const [before] = (await company.land(usage())).files;
    await writeFile(company.path('logs/a.jsonl'), 'two');
    await utimes(company.path('logs/a.jsonl'), long, long);
    const [after] = (await company.land(usage())).files;
    expect(after?.sha256).not.toBe(before?.sha256);
  });

  test('goes back to bytes that it has, as a delivery of its own', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': 'one' });
    const [first] = (await company.land(usage())).files;
    await company.write('logs/a.jsonl', 'two');
    await company.land(usage());
    await company.write('logs/a.jsonl', 'one');
    expect((await company.land(usage())).files).toEqual([first]);
    expect((await readFile(company.path(INDEX), 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  test('survives a line of the index that a crash cut', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': 'one' });
    await company.land(usage());
    await appendFile(company.path(INDEX), '{"source":"logs","name":"logs/b.js');
    await company.write('logs/b.jsonl', 'two');
    expect((await company.land(usage())).files.map((file) => file.name)).toEqual(['logs/a.jsonl', 'logs/b.jsonl']);
    await company.remove('logs/b.jsonl');
    expect((await company.land(usage())).files).toHaveLength(2);
    const store = await LandingStore.open(company.path('.showback/landing'), 'logs');
    expect(store.entries.map((entry) => entry.name)).toEqual(['logs/a.jsonl', 'logs/b.jsonl']);
  });

  test('refuses a file that is gone when its turn comes, and leaves nothing of it', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': 'one' });
    const store = await LandingStore.open(company.path('.showback/landing'), 'logs');
    const listed = { name: 'logs/gone.jsonl', path: company.path('logs/gone.jsonl') };
    await expect(store.receive(localArrival(listed))).rejects.toMatchObject({
      kind: 'unavailable',
      problems: [
        { code: 'source/unreadable', message: '`logs/gone.jsonl` cannot be read (ENOENT)', place: { file: listed.name } },
      ],
    });
    expect(store.entries).toEqual([]);
  });

  test('leaves hidden files, its own files and other patterns alone', async () => {
    await using company = await Company.make({ 'a.jsonl': '1', '.b.jsonl': '2', 'sub/c.jsonl': '3', 'sub/d.csv': '4' });
    const config = usage({ files: ['**/*.jsonl', '**/*'] });
    expect((await company.land(config)).files.map((file) => file.name)).toEqual(['a.jsonl', 'sub/c.jsonl', 'sub/d.csv']);
    expect((await company.land(config)).files).toHaveLength(3);
    expect((await company.land(usage({ files: ['sub/*.csv'] }))).files.map((file) => file.name)).toEqual(['sub/d.csv']);
  });

  test('follows links inside the folder, and tells of patterns without files', async () => {
    await using company = await Company.make({ 'real/a.jsonl': '1' });
    await symlink('real', company.path('logs'));
    expect((await company.land(usage({ files: ['logs/*', 'none/*'] }))).files.map((file) => file.name)).toEqual(['logs/a.jsonl']);
    expect(company.notes).toEqual(['source `logs`: no file under `none/*`']);
  });

  test('names every file that is cut, at once', async () => {
    const cut = gzipSync('hello').subarray(0, 12);
    await using company = await Company.make({
      'logs/a.jsonl.gz': cut,
      'logs/b.jsonl.gz': cut,
      'logs/c.jsonl.gz': gzipSync('fine'),
    });
    await expect(company.land(usage())).rejects.toMatchObject({
      problems: [{ place: { file: 'logs/a.jsonl.gz' } }, { place: { file: 'logs/b.jsonl.gz' } }],
    });
  });
});

// `printf 'hello\n' | zstd`, then the same with a checksum and a known size, then a skippable frame.
const ZSTD = Buffer.from('28b52ffd0458310000' + '68656c6c6f0a' + '1d5af69d', 'hex');
const PLAIN = Buffer.from('28b52ffd2006' + '310000' + '68656c6c6f0a', 'hex');
const SKIPPED = Buffer.from('502a4d18' + '03000000' + 'ffffff', 'hex');

describe('a packed file', () => {
  const check = async (name: string, bytes: Buffer, step: number) => {
    const integrity = integrityOf(name);
    for (let at = 0; at < bytes.length; at += step) await integrity.take(bytes.subarray(at, at + step));
    return integrity.finish();
  };

  test.each([1, 3, 1000])('is whole, or is found out, in pieces of %d bytes', async (step) => {
    const gzip = gzipSync('hello\n'.repeat(1000));
    for (const [name, whole] of [
      ['a.gz', gzip],
      ['a.gz', Buffer.concat([gzip, gzip])],
      ['a.zst', ZSTD],
      ['a.zst', Buffer.concat([SKIPPED, ZSTD, PLAIN])],
    ] as const) {
      expect(await check(name, whole, step)).toBeNull();
      expect(await check(name, whole.subarray(0, -1), step)).toMatch(/unexpected end/);
      expect(await check(name, whole.subarray(0, -7), step)).toMatch(/unexpected end/);
    }
    expect(await check('a.zst', Buffer.from('not zstd at all'), step)).toBe('not a zstd stream');
    expect(await check('a.gz', Buffer.from('not gzip at all'), step)).toMatch(/incorrect header/);
    const damaged = Buffer.from(gzip);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 0xff, damaged.length - 6);
    expect(await check('a.gz', damaged, step)).toMatch(/incorrect data check/);
    expect(await check('a.jsonl', Buffer.from('anything'), step)).toBeNull();
    expect(await check('a.gz', Buffer.alloc(0), step)).toBeNull();
  });

  test('is unpacked within bounds, however it is packed, and repetition alone is no harm', async () => {
    const member = gzipSync(Buffer.alloc(16 << 20));
    expect(await check('a.gz', Buffer.concat(Array.from({ length: 15 }, () => member)), 100_000)).toBeNull();
    expect(await check('a.gz', Buffer.concat(Array.from({ length: 17 }, () => member)), 100_000)).toBe(BOMB);
    // 128 KiB of one byte, and a compressed block of a few bytes that may hold as much.
    for (const block of [Buffer.from('02001020', 'hex'), Buffer.from('4400000000000000000000', 'hex')]) {
      const zstd = (blocks: number) =>
        Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...Array.from({ length: blocks }, () => block)]);
      expect(await check('a.zst', zstd(3000), 1000)).toBe(BOMB);
      expect(await check('a.zst', zstd(1000), 1000)).toBe('unexpected end of file');
    }
  });
});
