// Exports of Pinecone over HTTP: what is asked, what lands, what goes on, and what each fault is told as.
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ExportPull, FocusSource } from '../../src/pipeline/pipeline.js';
import { connect } from '../../src/source/connect.js';
import { landingsOf } from '../../src/source/landing.js';
import type { Outside } from '../../src/source/source.js';
import { isManifest, supersededBy } from '../../src/source/superseded.js';
import { BILL, Company } from '../contract/company.js';
import { failureOf } from './failure-of.js';
import type { Fault } from './faulty-server.js';
import { type ExportServer, focusLine, startExportServer } from './pinecone-server.js';
import type { Packed } from './zip-file.js';

vi.setConfig({ testTimeout: 30_000 });

let server: ExportServer;

beforeEach(async () => {
  server = await startExportServer();
  for (const day of ['2026-07-01', '2026-07-02', '2026-07-03', '2026-07-05'])
    server.days.set(day, [focusLine(day, `${Number(day.slice(-2))}.5`)]);
});
afterEach(async () => server.close());

function source(pull: Partial<ExportPull> = {}): FocusSource {
  const times = { from: null, trailingDays: 10, lagDays: 3 };
  const asked = { api: 'pinecone', keyVariable: 'PINECONE_TOKEN', url: server.url, ...times, ...pull } as const;
  return {
    ...BILL,
    kind: 'focus',
    provider: 'pinecone',
    basis: 'effective',
    version: 'detect',
    layout: { kind: 'pull', pull: asked },
  };
}

function outsideOf(today: string, more: Partial<Outside> = {}): Outside {
  const patience = { pause: 5, deadline: 2000, ready: 8000 };
  return { start: '2026-07', now: () => new Date(`${today}T03:00:00Z`), env: { PINECONE_TOKEN: server.key }, patience, ...more };
}

const LINES =
  'SELECT sum(CAST(billed_cost AS DECIMAL(18,2))) AS cost, count(*) AS lines, count(reject) AS rejected FROM raw.focus_line';

const posts = () => server.bodies.length;

describe('an export', () => {
  test('of two parts lands as one file, with its number of lines as a control', async () => {
    await using company = await Company.make();
    const { files, controls } = await company.land(source(), outsideOf('2026-07-09'));
    expect(server.bodies).toEqual(['{"period_start":"2026-07-01T00:00:00.000Z","period_end":"2026-07-06T00:00:00.000Z"}']);
    expect(files.map(({ name, unit }) => [name, unit])).toEqual([['pinecone/2026-07/costs.csv', '2026-07']]);
    expect(controls.map(({ control, scope, expected }) => [control, scope, expected])).toEqual([
      ['row_count', 'pinecone/2026-07/costs.csv', '4'],
    ]);
    expect(await company.askFiles(files, [source()], LINES)).toEqual([{ cost: '13.00', lines: '4', rejected: '0' }]);
    const text = await readFile(files[0]?.path ?? '', 'utf8');
    expect(text.split('\n').filter((line) => line.startsWith('BilledCost'))).toHaveLength(1);
  });

  test('is waited for until it is ready', async () => {
    server.looks = 4;
    await using company = await Company.make();
    const { files } = await company.land(source(), outsideOf('2026-07-09'));
    expect([files.length, posts()]).toEqual([1, 1]);
  });

  test('is asked for once a day, and no more once its month is over', async () => {
    await using company = await Company.make();
    for (const day of ['2026-07-09', '2026-07-09', '2026-07-10', '2026-08-20', '2026-08-21'])
      await company.land(source(), outsideOf(day));
    const days = server.bodies.map((body) => body.match(/\d{4}-\d\d-\d\d/g)?.join(' '));
    expect(days).toEqual([
      '2026-07-01 2026-07-06',
      '2026-07-01 2026-07-07',
      '2026-07-01 2026-08-01',
      '2026-08-01 2026-08-17',
      '2026-08-01 2026-08-18',
    ]);
  });

  test('that tells otherwise replaces what its month had', async () => {
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-07-09'));
    server.days.set('2026-07-02', [focusLine('2026-07-02', '100')]);
    const { files, controls } = await company.land(source(), outsideOf('2026-07-10'));
    expect([files.length, controls.length]).toEqual([1, 1]);
    expect(await company.askFiles(files, [source()], LINES)).toEqual([{ cost: '110.50', lines: '4', rejected: '0' }]);
    // And both files of the old one may go some day.
    const entries = await landingsOf(company.path('.showback/landing'), 'bill');
    expect(supersededBy(entries).map((at) => at !== null)).toEqual([true, true, false, false]);
    expect(entries.filter(isManifest).map(({ name }) => name)).toEqual([
      'pinecone/2026-07/export.json',
      'pinecone/2026-07/export.json',
    ]);
  });

  test('of the same costs is no new delivery', async () => {
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-08-05'));
    const index = await readFile(company.path('.showback/landing/index.ndjson'), 'utf8');
    await company.land(source(), outsideOf('2026-08-06'));
    const after = await readFile(company.path('.showback/landing/index.ndjson'), 'utf8');
    expect(after.split('\n').filter((line) => line.includes('2026-07/'))).toEqual(
      index.split('\n').filter((line) => line.includes('2026-07/')),
    );
  });

  test.each([
    ['a midnight, whose day is known', '2026-07-03T00:00:00.000Z', '7.50', '3'],
    ['a moment within a day, which is not known', '2026-07-03T12:00:00.000Z', '4.00', '2'],
    ['the last second of a day', '2026-07-02T23:59:59.999Z', '4.00', '2'],
    ['the end of what was asked for', '2026-07-06T00:00:00.000Z', '13.00', '4'],
  ])('counts as far as it knows: %s', async (_, through, cost, lines) => {
    server.says['data_available_through'] = through;
    await using company = await Company.make();
    const { files, controls } = await company.land(source(), outsideOf('2026-07-09'));
    expect(await company.askFiles(files, [source()], LINES)).toEqual([{ cost, lines, rejected: '0' }]);
    expect(controls.map(({ expected }) => expected)).toEqual([lines]);
    expect(company.notes.some((note) => note.includes('left out'))).toBe(lines !== '4');
  });

  test('of a month that is over and was never known to its end is told', async () => {
    server.says['data_available_through'] = '2026-07-03T12:00:00.000Z';
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-08-05'));
    const told = (): readonly string[] => company.notes.filter((note) => note.includes('did not know all of 2026-07'));
    expect(told()).toEqual([]);
    await company.land(source(), outsideOf('2026-12-01'));
    expect(told()).toEqual([expect.stringContaining('from 2026-07-03 on')]);
  });

  test('is held to the rows of its manifest where it states none itself', async () => {
    server.says['row_count'] = null;
    await using company = await Company.make();
    const { controls } = await company.land(source(), outsideOf('2026-07-09'));
    expect(controls.map(({ control, expected }) => [control, expected])).toEqual([['row_count', '4']]);
  });

  test('of a month without costs is a file without lines', async () => {
    server.days.clear();
    await using company = await Company.make();
    const { files, controls } = await company.land(source(), outsideOf('2026-07-09'));
    expect(controls.map(({ expected }) => expected)).toEqual(['0']);
    expect(await company.askFiles(files, [source()], LINES)).toEqual([{ cost: null, lines: '0', rejected: '0' }]);
  });

  test('leaves no key and no link in what landed, and nothing else behind', async () => {
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-07-09'));
    const names = await readdir(company.path('.showback/landing'), { recursive: true, withFileTypes: true });
    const files = names.filter((name) => name.isFile());
    const texts = await Promise.all(files.map(async (file) => readFile(`${file.parentPath}/${file.name}`, 'utf8')));
    expect(files.length).toBe(4);
    expect(texts.join()).not.toMatch(/token-of-the-tests|secret-of-the-link/);
  });
});

describe('goes on', () => {
  test('with the same export where a run was stopped while it was pending', async () => {
    server.looks = 1000;
    await using company = await Company.make();
    const stop = new AbortController();
    const landing = company.land(source(), outsideOf('2026-07-09'), stop.signal);
    await vi.waitUntil(() => server.log.length > 2);
    stop.abort(new Error('stopped by the test'));
    await expect(landing).rejects.toThrow('stopped by the test');
    server.looks = 0;
    const { files } = await company.land(source(), outsideOf('2026-07-09'));
    expect([files.length, posts()]).toEqual([1, 1]);
  });

  test('with the same export where it was not ready in time, which is told', async () => {
    server.looks = 1000;
    await using company = await Company.make();
    const patience = { pause: 5, deadline: 2000, ready: 60 };
    const failure = await failureOf(company.land(source(), outsideOf('2026-07-09', { patience })));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'pull/export-pending']);
    server.looks = 0;
    await company.land(source(), outsideOf('2026-07-09'));
    expect(posts()).toBe(1);
  });

  test.each(['it is another day', 'the export is forgotten'])('with another export where %s', async (why) => {
    server.looks = 1000;
    await using company = await Company.make();
    const patience = { pause: 5, deadline: 2000, ready: 30 };
    await failureOf(company.land(source(), outsideOf('2026-07-09', { patience })));
    server.looks = 0;
    if (why.includes('forgotten')) server.plan({ kind: 'circle' }, 1);
    await company.land(source(), outsideOf(why.includes('day') ? '2026-07-10' : '2026-07-09'));
    expect(posts()).toBe(2);
  });

  test('after the months that came before one failed', async () => {
    await using company = await Company.make();
    server.looks = 1;
    server.plan({ kind: 'status', status: 500 }, 6, (address) => address.endsWith('/e-2'));
    await failureOf(company.land(source(), outsideOf('2026-08-09')));
    const { files } = await company.land(source(), outsideOf('2026-08-09'));
    expect([files.length, posts()]).toEqual([2, 2]);
  });

  test('with the export that was begun though its answer was lost', async () => {
    server.looks = 5;
    server.plan({ kind: 'cut' }, 1);
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-07-09'));
    expect(posts()).toBe(1);
  });

  test('where another export was under way', async () => {
    server.busy = 3;
    await using company = await Company.make();
    await company.land(source(), outsideOf('2026-07-09'));
    expect(posts()).toBe(4);
  });

  test('where a link had run out by the time that it was used', async () => {
    server.expired = 2;
    await using company = await Company.make();
    const { files } = await company.land(source(), outsideOf('2026-07-09'));
    expect([files.length, posts()]).toEqual([1, 1]);
  });
});

const isFile = (address: string) => address.startsWith('/files/');

const PASSING: readonly (readonly [what: string, fault: Fault])[] = [
  ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ['500', { kind: 'status', status: 500 }],
  ['a page of HTML', { kind: 'raw', body: '<html>Bad gateway</html>' }],
  ['JSON that is no export', { kind: 'raw', body: '{"id":"e-1"}' }],
  ['a body that is shorter than it says', { kind: 'short' }],
  ['silence', { kind: 'silent' }],
];

test.each(PASSING)('a request that fails once is made again: %s', async (_, fault) => {
  server.plan(fault);
  await using company = await Company.make();
  expect((await company.land(source(), outsideOf('2026-07-09'))).files).toHaveLength(1);
});

test.each<Fault>([
  { kind: 'cut' },
  { kind: 'short' },
  { kind: 'silent' },
  { kind: 'slow', milliseconds: 20 },
  { kind: 'status', status: 503 },
])('a file that does not come at once is asked for again: $kind', async (fault) => {
  server.plan(fault, 2, isFile);
  await using company = await Company.make();
  const { files } = await company.land(source(), outsideOf('2026-07-09', { patience: { pause: 5, deadline: 500 } }));
  expect(await company.askFiles(files, [source()], LINES)).toEqual([{ cost: '13.00', lines: '4', rejected: '0' }]);
});

interface Lasting {
  readonly what: string;
  readonly fault?: Fault;
  readonly isOnFile?: boolean;
  readonly says?: object;
  readonly busy?: number;
  readonly exit: number;
  readonly code: string;
  readonly told: string;
}

const LASTING: readonly Lasting[] = [
  { what: '401', fault: { kind: 'status', status: 401 }, exit: 2, code: 'pull/unauthorized', told: 'the key is not taken' },
  { what: '403', fault: { kind: 'status', status: 403 }, exit: 2, code: 'pull/forbidden', told: '403' },
  { what: '400', fault: { kind: 'status', status: 400 }, exit: 2, code: 'pull/refused', told: 'the 400 of the tests' },
  { what: '500', fault: { kind: 'status', status: 500 }, exit: 4, code: 'pull/unavailable', told: '500' },
  {
    what: '429 that asks for an hour',
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '3600' } },
    exit: 4,
    code: 'pull/slow-down',
    told: '429',
  },
  {
    what: 'an export of others that does not end',
    busy: 10_000,
    exit: 4,
    code: 'pull/export-pending',
    told: 'Another export is in progress',
  },
  {
    what: 'an export that fails',
    says: { status: 'Failed', error: { code: 'X', message: 'the warehouse is closed' }, download_url: null },
    exit: 4,
    code: 'pull/export-failed',
    told: 'the warehouse is closed',
  },
  {
    what: 'an export of other days',
    says: { period_start: '2026-06-01T00:00:00.000Z' },
    exit: 4,
    code: 'pull/export-failed',
    told: 'is of 2026-06-01',
  },
  {
    what: 'an export that ends without a file',
    says: { download_url: null },
    exit: 4,
    code: 'pull/export-failed',
    told: 'without a file',
  },
  { what: 'a file that is not kept', says: { file_expired: true }, exit: 4, code: 'pull/export-failed', told: 'not kept' },
  { what: 'a link to nowhere', says: { download_url: 'ftp://files/x' }, exit: 4, code: 'pull/export-failed', told: 'no link' },
  {
    what: 'a file that is not given out',
    fault: { kind: 'status', status: 403 },
    isOnFile: true,
    exit: 4,
    code: 'pull/export-failed',
    told: 'not given out (403)',
  },
];

test.each(LASTING)('what does not pass is told: $what', async ({ fault, isOnFile, says, busy, exit, code, told }) => {
  if (fault !== undefined) server.plan(fault, 10_000, isOnFile === true ? isFile : undefined);
  Object.assign(server.says, says);
  server.busy = busy ?? 0;
  await using company = await Company.make();
  const patience = { pause: 5, deadline: 2000, ready: 300 };
  const failure = await failureOf(company.land(source(), outsideOf('2026-07-09', { patience })));
  expect([failure.exitCode, failure.problems[0]?.code]).toEqual([exit, code]);
  expect(failure.problems[0]?.message).toContain(told);
  expect(JSON.stringify([failure.problems, String(failure.stack), String(failure.cause)])).not.toMatch(
    /token-of-the-tests|secret-of-the-link/,
  );
  expect(await readdir(company.path('.showback/landing'))).not.toContain('index.ndjson');
});

type Change = (usual: readonly Packed[]) => readonly Packed[];
const first =
  (change: Partial<Packed>): Change =>
  ([part, ...rest]) => [{ ...(part as Packed), ...change }, ...rest];
const withFile =
  (file: Packed): Change =>
  (usual) => [...usual, file];

const BROKEN: readonly (readonly [what: string, change: Change, told: string])[] = [
  ['a part that is missing', (usual) => usual.slice(1), 'parts are missing'],
  ['a last part that is missing', (usual) => usual.filter(({ name }) => !name.startsWith('part-2')), 'parts are missing'],
  ['a part that the manifest does not name', first({ name: 'part-1-of-2.csv.' }), 'no part and no manifest'],
  [
    'a manifest that names a part that is not there',
    (usual) =>
      [usual[0] as Packed, usual[2] as Packed].map((file) =>
        file.name.startsWith('part') ? { ...file, name: 'part-1-of-1.csv' } : file,
      ),
    'which is not there',
  ],
  ['no manifest', (usual) => usual.filter(({ name }) => name !== 'manifest.json'), 'has no `manifest.json`'],
  [
    'a manifest that is none',
    (usual) => usual.map((file) => (file.name === 'manifest.json' ? { ...file, text: '{"files":' } : file)),
    'no JSON object',
  ],
  [
    'a manifest of other rows',
    (usual) => usual.map((file) => (file.name === 'manifest.json' ? { ...file, text: '{"row_count":7}' } : file)),
    'says 7 rows',
  ],
  ['no part at all', () => [{ name: 'manifest.json', text: '{}' }], 'no part'],
  [
    'another header',
    (usual) =>
      usual.map((file) =>
        file.name.startsWith('part-2') ? { ...file, text: file.text.toString().replace('BilledCost', 'Cost') } : file,
      ),
    'another header',
  ],
  ['a name that leads out', withFile({ name: '../../part-3-of-3.csv', text: 'x' }), 'invalid relative path'],
  ['an absolute name', withFile({ name: '/etc/passwd', text: 'x' }), 'absolute path'],
  ['a name with backslashes', withFile({ name: 'a\\b.csv', text: 'x' }), 'invalid characters'],
  ['a name that is there twice', (usual) => [...usual, usual[0] as Packed], 'twice'],
  ['something else', withFile({ name: 'install.sh', text: 'x' }), 'no part and no manifest'],
  ['a folder', withFile({ name: 'more/', text: '' }), 'no file'],
  ['a link', first({ isLink: true }), 'no file'],
  ['an encrypted part', first({ isEncrypted: true }), 'encrypted'],
  ['another packing', first({ method: 93 }), 'unknown here'],
  ['a wrong checksum', first({ says: { crc: 1 } }), 'checksum'],
  ['a part that is longer than it says', first({ says: { bytes: 10 } }), 'too many bytes'],
  ['a part that is shorter than it says', first({ says: { bytes: 100_000 } }), 'not enough bytes'],
  ['a bomb', (usual) => first({ text: Buffer.alloc(300 * 1024 * 1024) })(usual), 'more than 200 times'],
  ['a bomb that says so and is none', first({ says: { bytes: 4_000_000_000 } }), 'more than 200 times'],
];

test.each(BROKEN)('a file is refused with %s, and another export is asked for by the next run', async (_, change, told) => {
  server.file.packed = change;
  await using company = await Company.make();
  // A bomb takes its time to be packed.
  const failure = await failureOf(company.land(source(), outsideOf('2026-07-09', { patience: { deadline: 20_000 } })));
  expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'pull/export-broken']);
  expect(failure.problems[0]?.message).toContain(told);
  server.file.packed = null;
  const { files } = await company.land(source(), outsideOf('2026-07-09'));
  expect([files.length, posts()]).toEqual([1, 2]);
});

test.each([
  ['cut', (zip: Buffer) => zip.subarray(0, zip.length - 30)],
  ['no ZIP', () => Buffer.from('<Error>NoSuchKey</Error>')],
  ['empty', () => Buffer.alloc(0)],
])('a file is refused that is %s', async (_, change) => {
  server.file.zip = change((await import('./zip-file.js')).zipOf([{ name: 'part-1-of-1.csv', text: 'a\n1\n' }]));
  await using company = await Company.make();
  const failure = await failureOf(company.land(source(), outsideOf('2026-07-09')));
  expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'pull/export-broken']);
  expect(await readdir(company.path('.showback/landing/arriving'))).not.toContainEqual(expect.stringMatching(/zip|export/));
});

test('is asked what it exported last by `check --connect`, and makes nothing', async () => {
  await using company = await Company.make();
  const at = {
    config: source(),
    root: company.root,
    landingDir: company.path('x'),
    listener: () => undefined,
    outside: outsideOf('2026-08-09'),
  };
  expect([await connect(at), server.log, posts()]).toEqual([2, ['/admin/cost-usage-exports?limit=1'], 0]);
  const failure = await failureOf(connect({ ...at, outside: outsideOf('2026-08-09', { env: { PINECONE_TOKEN: 'other' } }) }));
  expect(failure.problems[0]?.code).toBe('pull/unauthorized');
});
