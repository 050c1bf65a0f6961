// The files: rotated, complete before they have their name, whole after whatever ends the process, and never shared.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptLeftOpen } from '../../src/tag/left-open.js';
import type { OwnProcess } from '../../src/tag/own-process.js';
import { openTag, type Problem, type Sink } from '../../src/tag/tag.js';
import { chatCompletion } from './answers.js';

const WRITER = join(import.meta.dirname, 'writer.mjs');
const TAGS = { feature_id: 'chat' };
const HOST = hostname()
  .replaceAll(/[^A-Za-z0-9-]/g, '-')
  .slice(0, 63);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showback-tag-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const names = async (): Promise<readonly string[]> => (await readdir(folder)).sort();

/** Records of complete files; a line that is not whole would throw. */
async function kept(): Promise<readonly { readonly run_id: string; readonly event_id: string }[]> {
  const complete = (await names()).filter((name) => name.endsWith('.jsonl'));
  const texts = await Promise.all(complete.map(async (name) => readFile(join(folder, name), 'utf8')));
  for (const text of texts) expect(text).toMatch(/\n$/);
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1));
  return lines.map((line) => JSON.parse(line) as { run_id: string; event_id: string });
}

const writer = (...words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [WRITER, folder, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** What the writer has said so far. */
async function lastNumber(child: ChildProcess, atLeast: number): Promise<() => number> {
  let text = '';
  const number = (): number => Number(text.split('\n').at(-2) ?? 0);
  child.stdout?.on('data', (more: Buffer) => (text += String(more)));
  while (number() < atLeast) await once(child.stdout as NodeJS.ReadableStream, 'data');
  return number;
}

describe('a file', () => {
  it('has its name only when nothing is added to it any more', async () => {
    const tag = openTag({ folder: join(folder, 'new/ai'), name: 'chat-service' });
    tag.openai(chatCompletion(), TAGS);
    expect(await tag.flush()).toBe(true);
    const pattern = `^chat-service[.]\\d{4}-\\d\\d-\\d\\dT\\d\\d[.]${HOST}[.]${process.pid}[.][0-9a-f]{12}[.]0001[.]jsonl`;
    expect(await readdir(join(folder, 'new/ai'))).toEqual([expect.stringMatching(new RegExp(`${pattern}[.]open$`))]);
    expect(await tag.close()).toBe(true);
    expect(await readdir(join(folder, 'new/ai'))).toEqual([expect.stringMatching(new RegExp(`${pattern}$`))]);
    tag.openai(chatCompletion(), TAGS);
    expect([await tag.close(), tag.problems().dropped]).toEqual([true, 1]);
  });

  it('is complete when its hour is over, also where no other record comes', async () => {
    let now = new Date('2026-07-01T09:59:59.700Z');
    const tag = openTag({ folder }, { now: () => now, uuid: () => 'id' });
    tag.openai(chatCompletion(), TAGS);
    await tag.flush();
    await expect.poll(names, { timeout: 5000 }).toEqual([expect.stringMatching(/^usage[.]2026-07-01T09.*[.]jsonl$/)]);
    now = new Date('2026-07-01T10:00:00Z');
    tag.openai(chatCompletion(), TAGS);
    await tag.flush();
    now = new Date('2026-07-01T11:00:00Z');
    tag.openai(chatCompletion(), TAGS);
    await tag.close();
    expect((await names()).map((name) => [name.split('.')[1], name.split('.').slice(5).join('.')])).toEqual([
      ['2026-07-01T09', '0001.jsonl'],
      ['2026-07-01T10', '0002.jsonl'],
      ['2026-07-01T11', '0003.jsonl'],
    ]);
  });

  it('is complete when it is large, and no line is cut', async () => {
    const tag = openTag({ folder, max_file_bytes: 4000 });
    for (let n = 0; n < 40; n += 1) {
      tag.openai(chatCompletion(), TAGS);
      if (n % 4 === 3) await tag.flush();
    }
    await tag.close();
    expect(await kept()).toHaveLength(40);
    const sizes = await Promise.all((await names()).map(async (name) => (await stat(join(folder, name))).size));
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4000);
  });
});

describe('a process that ends', () => {
  it('by itself has written its records, and the next start completes the file', async () => {
    const child = writer('end', '5');
    expect(await ended(child)).toBe(0);
    expect(await names()).toEqual([expect.stringMatching(/[.]0001[.]jsonl[.]open$/)]);
    await openTag({ folder }).close();
    expect(await kept()).toHaveLength(5);
  });

  it('by SIGKILL while it writes has lost at most what was not flushed, and left whole lines', { timeout: 60_000 }, async () => {
    for (const enough of [7, 300, 900]) {
      const child = writer('for ever');
      const number = await lastNumber(child, enough);
      child.kill('SIGKILL');
      await ended(child);
      await openTag({ folder }).close();
      expect((await names()).filter((name) => name.endsWith('.open'))).toEqual([]);
      const ids = (await kept()).map(({ run_id }) => run_id).filter((id) => id.startsWith(`${child.pid}-`));
      const expected = Array.from({ length: ids.length }, (_, at) => `${child.pid}-${at}`);
      expect(ids.toSorted()).toEqual(expected.toSorted());
      expect(ids.length).toBeGreaterThanOrEqual(number());
    }
  });

  it('is not robbed of its file while it lives', { timeout: 30_000 }, async () => {
    const child = writer('for ever');
    await lastNumber(child, 7);
    const before = (await names()).filter((name) => name.endsWith('.open'));
    await openTag({ folder }).close();
    expect(await names()).toEqual(expect.arrayContaining([expect.stringContaining(`.${child.pid}.`)]));
    expect(before.length).toBeGreaterThan(0);
    const number = await lastNumber(child, 200);
    child.kill('SIGKILL');
    await ended(child);
    await openTag({ folder }).close();
    expect((await kept()).length).toBeGreaterThanOrEqual(number());
  });

  it('whose sink fails is not kept alive by what waits', () => {
    const blocked = join(WRITER, 'below a file');
    const { status } = spawnSync(process.execPath, [WRITER, blocked, 'end', '3'], { timeout: 20_000 });
    expect(status).toBe(0);
  });
});

describe('many processes', () => {
  it('write into one folder, each to files of its own, and all records are there once', { timeout: 60_000 }, async () => {
    const children = Array.from({ length: 6 }, () => writer('close', '700'));
    expect(await Promise.all(children.map(async (child) => ended(child)))).toEqual([0, 0, 0, 0, 0, 0]);
    const records = await kept();
    expect(new Set(records.map(({ run_id }) => run_id)).size).toBe(4200);
    expect(new Set(records.map(({ event_id }) => event_id)).size).toBe(4200);
    expect(records).toHaveLength(4200);
    expect(new Set((await names()).map((name) => name.split('.')[3])).size).toBe(6);
  });
});

describe('what was left open', () => {
  const own: OwnProcess = { host: 'here', pid: 100, startedAt: Date.now() - 60_000, isAlive: (pid) => pid === 7 };
  const nameOf = (host: string, pid: number, id = 'aaaaaaaaaaaa'): string =>
    `usage.2026-07-01T09.${host}.${pid}.${id}.0001.jsonl.open`;
  const leave = async (name: string, text: string, minutesAgo = 5): Promise<void> => {
    await writeFile(join(folder, name), text);
    const time = new Date(Date.now() - minutesAgo * 60_000);
    await utimes(join(folder, name), time, time);
  };
  const adopt = async (): Promise<readonly string[]> => {
    await adoptLeftOpen(folder, own, 'bbbbbbbbbbbb');
    return names();
  };
  const closed = (name: string): string => name.slice(0, -'.open'.length);

  it.each([
    ['a process that is gone', nameOf('here', 8), 5, true],
    ['a process that lives', nameOf('here', 7), 100, false],
    ['whoever had the id of a process that lives now', nameOf('here', 7), 121, true],
    ['an earlier process of our own id, as in a container', nameOf('here', 100), 5, true],
    ['a thread of this process', nameOf('here', 100), 0.5, false],
    ['ourselves', nameOf('here', 100, 'bbbbbbbbbbbb'), 500, false],
    ['another machine, within the hour', nameOf('there', 8), 100, false],
    ['another machine, long ago', nameOf('there', 8), 121, true],
  ])('by %s', async (_, name, minutesAgo, isAdopted) => {
    await leave(name, '{}\n', minutesAgo);
    expect(await adopt()).toEqual([isAdopted ? closed(name) : name]);
  });

  it('is cut to its whole lines, and goes where it has none', async () => {
    await leave(nameOf('here', 8), '{"a":1}\n{"b":2}\n{"c":');
    await leave(nameOf('here', 9), '{"c":');
    await leave(nameOf('here', 10), '');
    expect(await adopt()).toEqual([closed(nameOf('here', 8))]);
    expect(await readFile(join(folder, closed(nameOf('here', 8))), 'utf8')).toBe('{"a":1}\n{"b":2}\n');
  });

  it('is left alone where it is none of ours', async () => {
    const outside = join(folder, 'precious');
    await writeFile(outside, 'no line end');
    await symlink(outside, join(folder, nameOf('here', 8)));
    await mkdir(join(folder, nameOf('here', 9)));
    await leave('usage.jsonl.open', '{');
    await leave('other.open', '{');
    await leave(nameOf('here', 11), '');
    await truncate(join(folder, nameOf('here', 11)), 100_000);
    const before = await names();
    await utimes(join(folder, nameOf('here', 11)), new Date(0), new Date(0));
    expect(await adopt()).toEqual(before);
    expect(await readFile(outside, 'utf8')).toBe('no line end');
  });

  it('is adopted two hundred files at a time', async () => {
    for (let pid = 1000; pid < 1250; pid += 1) await leave(nameOf('here', pid), '{}\n');
    expect((await adopt()).filter((name) => name.endsWith('.open'))).toHaveLength(50);
    expect((await adopt()).filter((name) => name.endsWith('.open'))).toHaveLength(0);
  });
});

describe('a disk that fails', () => {
  it('keeps records waiting until it is well again', async () => {
    const told: Problem[] = [];
    await writeFile(join(folder, 'logs'), 'a file where the folder must be');
    const tag = openTag({ folder: join(folder, 'logs'), onProblem: (problem) => void told.push(problem) });
    tag.openai(chatCompletion(), TAGS);
    expect(await tag.flush()).toBe(false);
    await rm(join(folder, 'logs'));
    tag.openai(chatCompletion(), TAGS);
    expect(await tag.close()).toBe(true);
    expect(told).toEqual([{ kind: 'sink_failed', reason: 'EEXIST' }]);
    const [name = ''] = await readdir(join(folder, 'logs'));
    expect((await readFile(join(folder, 'logs', name), 'utf8')).split('\n')).toHaveLength(3);
  });

  it('may be read-only', async () => {
    await cp(join(import.meta.dirname, '../../dist/tag'), join(folder, 'tag'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await mkdir(join(folder, 'logs'));
    for (const [path, mode] of [
      ['', 0o755],
      ['logs', 0o555],
    ] as const)
      await chmod(join(folder, path), mode);
    const program = `import { openTag } from './tag/tag.js';
      const told = [];
      const tag = openTag({ folder: 'logs', onProblem: (problem) => told.push(problem) });
      tag.failed({ feature_id: 'chat', provider: 'openai' });
      console.log(JSON.stringify([await tag.close(), told]));`;
    // Root may write everywhere, so the program is somebody else.
    const who = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const words = ['--input-type=module', '-e', program];
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, ...who, encoding: 'utf8', timeout: 20_000 });
    const told = [
      { kind: 'sink_failed', reason: 'EACCES' },
      { kind: 'dropped', reason: 'closed' },
    ];
    expect([stdout, stderr]).toEqual([`${JSON.stringify([false, told])}\n`, '']);
  });

  it('that is full in the midst of a batch is told, and leaves the whole lines before it', {
    timeout: 30_000,
  }, async () => {
    // A limit of the size of files cuts a write as a full disk does: what fits is written, then comes the error.
    const script = `import { openTag } from ${JSON.stringify(join(import.meta.dirname, '../../dist/tag/tag.js'))};
      process.on('SIGXFSZ', () => undefined);
      const told = [];
      const tag = openTag({ folder: ${JSON.stringify(folder)}, onProblem: (problem) => told.push(problem) });
      const add = (n) => { for (let at = 0; at < n; at += 1) tag.openai({ model: 'm', usage: { prompt_tokens: 1, completion_tokens: 1 } }, { feature_id: 'chat' }); };
      add(10);
      const first = await tag.flush();
      add(50);
      console.log(JSON.stringify([first, await tag.flush(), told]));
      await tag.close(200);`;
    const words = ['-c', `ulimit -f 8; exec "$0" --input-type=module -e "$1"`, process.execPath, script];
    const { stdout, stderr } = spawnSync('bash', words, { encoding: 'utf8', timeout: 20_000 });
    expect([stdout, stderr]).toEqual(['[true,false,[{"kind":"sink_failed","reason":"ENOSPC"}]]\n', '']);
    expect(await kept()).toHaveLength(10);
  });
});

describe('a sink of the caller', () => {
  it('that is too slow has a bounded queue before it; what does not fit is dropped and counted', async () => {
    const told: Problem[] = [];
    const taken: string[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const sink: Sink = { write: async (lines) => held.then(() => void taken.push(...lines)) };
    const tag = openTag({ sink, queue_bytes: 100_000, onProblem: (problem) => void told.push(problem) });
    for (let n = 0; n < 1000; n += 1) tag.openai(chatCompletion(), TAGS);
    const { dropped } = tag.problems();
    expect(dropped).toBeGreaterThan(500);
    expect(told).toEqual([{ kind: 'dropped', reason: 'queue_full' }]);
    expect(await tag.flush(20)).toBe(false);
    release();
    expect(await tag.flush()).toBe(true);
    expect(taken).toHaveLength(1000 - dropped);
    expect(taken.join('\n').length).toBeLessThan(100_000);
    tag.openai(chatCompletion(), TAGS);
    expect(await tag.close()).toBe(true);
  });

  it('that refuses a batch is given it again, so that nothing is lost and `event_id` makes it count once', async () => {
    const seen: string[] = [];
    let isBad = true;
    const sink: Sink = {
      write: async (lines) => {
        seen.push(...lines);
        isBad = !isBad;
        if (!isBad) throw new TypeError('PLANTED SECRET');
      },
    };
    const tag = openTag({ sink });
    for (let n = 0; n < 5; n += 1) tag.openai(chatCompletion(), TAGS);
    expect(await tag.flush()).toBe(false);
    expect(await tag.flush()).toBe(true);
    expect([seen.length, new Set(seen).size]).toEqual([10, 5]);
    expect(tag.problems().sink_failed).toBe(1);
  });

  it('that throws, hangs or cannot close costs records and time, nothing else', async () => {
    const hangs: Sink = { write: async () => new Promise(() => undefined), close: async () => new Promise(() => undefined) };
    const throws: Sink = {
      write: () => {
        throw new Error('no');
      },
      close: () => {
        throw new Error('no');
      },
    };
    for (const sink of [hangs, throws]) {
      const tag = openTag({ sink });
      tag.openai(chatCompletion(), TAGS);
      expect(await tag.close(30)).toBe(false);
      expect(await tag.close(30)).toBe(false);
      expect(tag.problems().dropped).toBe(1);
    }
  });
});
