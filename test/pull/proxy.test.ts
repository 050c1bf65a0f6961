// Pulls by way of a proxy that the environment names.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JsonCostsSource } from '../../src/pipeline/pipeline.js';
import { Company } from '../contract/company.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { fillJuly, outsideOf, vendorAt } from './declared-source.js';
import { failureOf } from './failure-of.js';
import { type ProxyServer, startProxyServer } from './proxy-server.js';

vi.setConfig({ testTimeout: 30_000 });

let server: DeclaredServer;
let proxy: ProxyServer;

beforeEach(async () => {
  server = await startDeclaredServer();
  proxy = await startProxyServer(server.url);
  fillJuly(server, 3);
});
afterEach(async () => {
  await proxy.close();
  await server.close();
});

/** Nobody but the proxy knows where that host is. */
const vendor = (url = 'http://api.vendor.invalid'): JsonCostsSource => vendorAt(server, { url: `${url}/v1/costs` });

const by = (env: Readonly<Record<string, string>>) =>
  outsideOf(server, '2026-07-09', { env: { VENDOR_KEY: server.key, ...env }, patience: { pause: 1, deadline: 3000 } });

const PAGES = ['', '&cursor=c2'].map((page) => `GET http://api.vendor.invalid/v1/costs?start=2026-07-01&end=2026-07-09${page}`);

test.each(['HTTP_PROXY', 'http_proxy'])('%s passes on what is asked, page by page', async (name) => {
  await using company = await Company.make();
  const { files } = await company.land(vendor(), by({ [name]: proxy.url }));
  expect(proxy.log).toEqual(PAGES);
  expect(await company.askFiles(files, [vendor()], 'SELECT count(amount) AS n FROM raw.invoice_line')).toEqual([{ n: '3' }]);
});

test.each([
  ['an empty address', { HTTP_PROXY: '' }],
  ['a host in NO_PROXY', { NO_PROXY: 'example.com, .vendor.invalid' }],
  ['all hosts in NO_PROXY', { NO_PROXY: '*' }],
])('is not asked with %s', async (_, env) => {
  await using company = await Company.make();
  const failure = await failureOf(company.land(vendor(), by({ HTTP_PROXY: proxy.url, ...env })));
  expect([failure.problems[0]?.code, proxy.log]).toEqual(['pull/unreachable', []]);
});

test('is not asked for what is on this machine', async () => {
  await using company = await Company.make();
  await company.land(vendor(server.url), by({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }));
  expect([server.log.length, proxy.log]).toEqual([2, []]);
});

test('HTTPS_PROXY opens a tunnel, in which it sees no key', async () => {
  await using company = await Company.make();
  // The server of the tests speaks no TLS: the tunnel is opened, and ends there.
  const failure = await failureOf(company.land(vendor('https://api.vendor.invalid'), by({ HTTPS_PROXY: proxy.url })));
  expect(failure.problems[0]?.code).toBe('pull/unreachable');
  expect(new Set(proxy.log)).toEqual(new Set(['CONNECT api.vendor.invalid:443']));
  expect(proxy.seen.join()).not.toMatch(/vendor-key|authorization/i);
});

test('gets the user and password of its address, which are shown nowhere', async () => {
  proxy.authorization = `Basic ${Buffer.from('night:pass word').toString('base64')}`;
  await using company = await Company.make();
  const address = proxy.url.replace('http://', 'http://night:pass%20word@');
  expect((await company.land(vendor(), by({ HTTP_PROXY: address }))).files).toHaveLength(1);
  for (const url of ['http://api.vendor.invalid', 'https://api.vendor.invalid']) {
    await using other = await Company.make();
    const wrong = address.replace('pass%20word', 'no%20word');
    const failure = await failureOf(other.land(vendor(url), by({ HTTP_PROXY: wrong, HTTPS_PROXY: wrong })));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([2, 'pull/proxy']);
    expect(failure.problems[0]?.remedy).toContain('HTTPS_PROXY');
    expect(JSON.stringify([failure.problems, String(failure.stack), String(failure.cause)])).not.toMatch(
      /no%20word|no word|vendor-key/,
    );
  }
});

test.each(['proxy.example.com:3128', 'socks5://127.0.0.1:1080', 'http://user:pass@'])(
  'that is none is told without its address: %s',
  async (address) => {
    await using company = await Company.make();
    const failure = await failureOf(company.land(vendor(), by({ HTTPS_PROXY: address })));
    expect(failure.problems[0]).toMatchObject({
      code: 'pull/proxy',
      message: expect.stringContaining('HTTPS_PROXY names no proxy') as string,
    });
    expect(JSON.stringify(failure.problems)).not.toContain(address);
  },
);
