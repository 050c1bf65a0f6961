// A declared API that fails, or is not what it was declared to be: what is said, and what is left behind.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JsonLines, JsonPull } from '../../src/pipeline/pipeline.js';
import { connect } from '../../src/source/connect.js';
import { Company } from '../contract/company.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { CURSOR, fillJuly, line, outsideOf, vendorAt } from './declared-source.js';
import { failureOf } from './failure-of.js';
import type { Fault } from './faulty-server.js';

vi.setConfig({ testTimeout: 30_000 });

let server: DeclaredServer;

beforeEach(async () => {
  server = await startDeclaredServer();
  fillJuly(server, 2);
});
afterEach(async () => server.close());

const PASSING: readonly (readonly [what: string, fault: Fault])[] = [
  ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ['500', { kind: 'status', status: 500 }],
  ['409', { kind: 'status', status: 409 }],
  ['a page of HTML', { kind: 'raw', body: '<html>Bad gateway</html>' }],
  ['half of the JSON', { kind: 'raw', body: '{"data":{"items":[{"day":"2026-' }],
  ['an error that is told as an answer', { kind: 'raw', body: '{"code":50000,"message":"busy"}' }],
  ['an error beside a list that is null', { kind: 'raw', body: '{"success":false,"error":"busy","data":{"items":null}}' }],
  ['an error beside a list without lines', { kind: 'raw', body: '{"errors":[{"code":1}],"data":{"items":[]}}' }],
  ['a body that is cut', { kind: 'cut' }],
  ['a body that is shorter than it says', { kind: 'short' }],
  ['silence', { kind: 'silent' }],
];

test.each(PASSING)('once is asked again: %s', async (_, fault) => {
  server.plan(fault);
  await using company = await Company.make();
  const { files } = await company.land(vendorAt(server), outsideOf(server, '2026-07-03'));
  expect([files.length, server.log.length]).toEqual([1, 2]);
});

const LASTING: readonly (readonly [what: string, fault: Fault, tries: number, exit: number, code: string])[] = [
  ['401', { kind: 'status', status: 401 }, 1, 2, 'pull/unauthorized'],
  ['403', { kind: 'status', status: 403 }, 1, 2, 'pull/forbidden'],
  ['404', { kind: 'status', status: 404 }, 1, 2, 'pull/not-found'],
  ['422', { kind: 'status', status: 422 }, 1, 2, 'pull/refused'],
  ['a redirect', { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 6, 4, 'pull/unreachable'],
  ['429 that asks for an hour', { kind: 'status', status: 429, headers: { 'retry-after': '3600' } }, 1, 4, 'pull/slow-down'],
  ['500 for good', { kind: 'status', status: 500 }, 6, 4, 'pull/unavailable'],
  ['bodies that are cut', { kind: 'cut' }, 6, 4, 'pull/unreachable'],
  ['no JSON for good', { kind: 'raw', body: 'costs: none' }, 6, 4, 'pull/unreachable'],
  ['no list for good', { kind: 'raw', body: '{"error":{"message":"no"},"data":{"items":{}}}' }, 6, 4, 'pull/no-page'],
  [
    'an error beside no lines for good',
    { kind: 'raw', body: '{"error":{"message":"no"},"data":{"items":null}}' },
    6,
    4,
    'pull/no-page',
  ],
  ['a circle of pages', { kind: 'circle' }, 2, 4, 'pull/endless'],
  ['pages without end', { kind: 'endless' }, 1000, 4, 'pull/endless'],
  [
    'an answer that is too large',
    { kind: 'raw', body: `{"data":{"items":[]},"x":"${'x'.repeat(10_000)}"}` },
    6,
    4,
    'pull/unreachable',
  ],
];

test.each(LASTING)('for good is told: %s', async (_, fault, tries, exit, code) => {
  server.plan(fault, 1000);
  await using company = await Company.make();
  const failure = await failureOf(company.land(vendorAt(server), outsideOf(server, '2026-07-03')));
  expect([failure.exitCode, failure.problems[0]?.code, server.log.length]).toEqual([exit, code, tries]);
  expect(await readdir(company.path('.showback/landing'))).not.toContain('index.ndjson');
});

interface Misfit {
  readonly what: string;
  readonly server?: Partial<DeclaredServer>;
  readonly pull?: Partial<JsonPull>;
  readonly json?: Partial<JsonLines>;
  readonly exit: number;
  readonly code: string;
  readonly says: string;
}

const MISFITS: readonly Misfit[] = [
  {
    what: 'pages that nobody declared',
    pull: { page: { kind: 'none' } },
    server: { paging: 'linkHeader' },
    exit: 2,
    code: 'pull/more-pages',
    says: 'Link',
  },
  {
    what: 'a link to another server',
    pull: { page: { kind: 'link', next: 'meta.link' } },
    server: { paging: 'link', linkTo: 'http://127.0.0.1:9' },
    exit: 2,
    code: 'pull/elsewhere',
    says: 'http://127.0.0.1:9',
  },
  {
    what: 'a number of the page that is not taken',
    pull: { page: { kind: 'offset', param: 'cursor', more: null } },
    server: { paging: 'page' },
    exit: 4,
    code: 'pull/endless',
    says: 'the same lines as the one before',
  },
  {
    what: 'a number of the page that is not taken, where the answer says how many pages there are',
    pull: { page: { kind: 'number', param: 'pag', first: 1, more: null, pages: 'meta.pages' } },
    server: { paging: 'page', also: ['pag'] },
    exit: 4,
    code: 'pull/endless',
    says: 'the same lines as the one before',
  },
  {
    what: 'a cursor under another name',
    pull: { page: { ...CURSOR, next: 'meta.nxt' } },
    exit: 2,
    code: 'pull/more-pages',
    says: '(`meta.more`)',
  },
  {
    what: 'a link that is in the page and not in the header',
    pull: { page: { kind: 'link', next: null } },
    exit: 2,
    code: 'pull/more-pages',
    says: '(`meta.more`)',
  },
  {
    what: 'a flag that is not there',
    pull: { page: { ...CURSOR, more: 'meta.has_more' } },
    exit: 4,
    code: 'pull/no-page',
    says: '`meta.has_more`',
  },
  { what: 'a list that is elsewhere', json: { records: 'items' }, exit: 4, code: 'pull/no-page', says: 'it has `data`, `meta`' },
];

test.each(MISFITS)('that was declared otherwise is told: $what', async ({ server: is, pull, json, exit, code, says }) => {
  Object.assign(server, { pageSize: 1, ...is });
  await using company = await Company.make();
  const failure = await failureOf(company.land(vendorAt(server, pull, json), outsideOf(server, '2026-07-03')));
  expect([failure.exitCode, failure.problems[0]?.code]).toEqual([exit, code]);
  expect(failure.problems[0]?.message).toContain(says);
});

test('never gets a key shown, though it repeats it, and not sent to where a link leads', async () => {
  await using company = await Company.make();
  const env = { VENDOR_KEY: 'wrong-key/1' };
  const failure = await failureOf(company.land(vendorAt(server), outsideOf(server, '2026-07-03', { env })));
  expect(failure.problems[0]?.message).toContain('unknown key Bearer ***');
  expect(failure.problems[0]?.remedy).toContain('VENDOR_KEY');
  expect(JSON.stringify([failure.problems, String(failure.stack), String(failure.cause)])).not.toMatch(/wrong-key/);
});

test.each([
  ['across the end of the words that are shown', 'wrong-key-'.repeat(4), 370],
  ['longer than the words that are shown', 'wrong-key-'.repeat(90), 0],
])('never gets a key shown that is %s', async (_, key, others) => {
  server.plan({ kind: 'status', status: 401, body: JSON.stringify({ message: `${'x'.repeat(others)}${key} is not known` }) });
  await using company = await Company.make();
  const failure = await failureOf(company.land(vendorAt(server), outsideOf(server, '2026-07-03', { env: { VENDOR_KEY: key } })));
  expect(failure.problems[0]?.message).toContain('***');
  expect(JSON.stringify(failure.problems)).not.toMatch(/wrong-/);
});

test.each([undefined, '', 'two words', 'line\nbreak'])('is not asked without a key: %j', async (key) => {
  await using company = await Company.make();
  const work = company.land(vendorAt(server), outsideOf(server, '2026-07-03', { env: { VENDOR_KEY: key } }));
  expect([(await failureOf(work)).problems[0]?.code, server.log]).toEqual(['pull/no-key', []]);
});

test('is let go at once when the run is stopped', async () => {
  server.plan({ kind: 'status', status: 429, headers: { 'retry-after': '60' } }, 1000);
  await using company = await Company.make();
  const stop = new AbortController();
  const landing = company.land(vendorAt(server), outsideOf(server, '2026-07-03'), stop.signal);
  await vi.waitUntil(() => server.log.length > 0);
  stop.abort(new Error('stopped by the test'));
  await expect(landing).rejects.toThrow('stopped by the test');
});

test('is asked for the day before by `check --connect`', async () => {
  await using company = await Company.make();
  const at = {
    config: vendorAt(server),
    root: company.root,
    landingDir: join(company.root, 'landing'),
    listener: () => undefined,
  };
  expect(await connect({ ...at, outside: outsideOf(server, '2026-08-03') })).toBe(2);
  expect(server.log).toEqual(['/v1/costs?start=2026-08-02&end=2026-08-03']);
  server.plan({ kind: 'status', status: 403 }, 1000);
  expect((await failureOf(connect({ ...at, outside: outsideOf(server, '2026-07-01') }))).problems[0]?.code).toBe(
    'pull/forbidden',
  );
});

test('that is restated counts as it is now', async () => {
  await using company = await Company.make();
  const first = await company.land(vendorAt(server), outsideOf(server, '2026-07-03'));
  server.days.set('2026-07-01', [line('2026-07-01', '"9"')]);
  const again = await company.land(vendorAt(server), outsideOf(server, '2026-07-03'));
  expect(again).toEqual(first);
  const next = await company.land(vendorAt(server), outsideOf(server, '2026-07-04'));
  expect(next.files.map(({ sha256 }) => sha256)).not.toEqual(first.files.map(({ sha256 }) => sha256));
  expect(
    await company.askFiles(
      next.files,
      [vendorAt(server)],
      `SELECT amount FROM raw.invoice_line WHERE charge_start = '2026-07-01' AND empty IS NULL`,
    ),
  ).toEqual([{ amount: '9' }]);
});
