// Requests to one host, from however many sources: how many at once, how far apart, and what holds them back. Times are held to lower bounds alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenAiCostsSource } from '../../src/pipeline/pipeline.js';
import { type Get, getText } from '../../src/source/http.js';
import { BILL, Company } from '../contract/company.js';
import { type CostServer, startCostServer } from './cost-server.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { fillJuly, outsideOf, vendorAt } from './declared-source.js';

vi.setConfig({ testTimeout: 60_000 });

const START = performance.now();
const now = () => performance.now() - START;
/** A timer may come so much early. */
const SLACK = 5;

interface Asked {
  readonly path: string;
  readonly at: number;
  readonly answer: (status?: number, headers?: Readonly<Record<string, string>>) => void;
}

/** Answers nothing of itself: each request stays open until the test answers it. */
interface Patient {
  readonly origin: string;
  readonly asked: Asked[];
  readonly close: () => Promise<void>;
}

async function startPatient(): Promise<Patient> {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const answer: Asked['answer'] = (status = 200, headers = {}) => void response.writeHead(status, headers).end('{}');
    asked.push({ path: request.url ?? '', at: now(), answer });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('requests to one host', () => {
  let server: Patient;
  let env: Readonly<Record<string, string>>;

  beforeEach(async () => {
    server = await startPatient();
    env = {};
  });
  afterEach(async () => server.close());

  const ask = async (path: string, more: Partial<Get> = {}): Promise<string> =>
    getText({ url: new URL(path, server.origin), headers: {}, secrets: [], env, pause: 1, ...more }, (text) => text);
  const came = async (count: number): Promise<boolean> => vi.waitUntil(() => server.asked.length === count, { timeout: 30_000 });
  const paths = () => server.asked.map(({ path }) => path);

  test('are four at once, and the next one comes when one of them is answered', async () => {
    const all = ['/1', '/2', '/3', '/4', '/5', '/6'].map(async (path) => ask(path));
    await came(4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(paths().toSorted()).toEqual(['/1', '/2', '/3', '/4']);
    server.asked[0]?.answer();
    await came(5);
    expect(paths().at(-1)).toBe('/5');
    server.asked[1]?.answer();
    await came(6);
    for (const { answer } of server.asked.slice(2)) answer();
    expect(await Promise.all(all)).toHaveLength(6);
  });

  test('of another host do not wait for them', async () => {
    const other = await startPatient();
    const all = ['/1', '/2', '/3', '/4'].map(async (path) => ask(path));
    await came(4);
    const beside = getText({ url: new URL('/5', other.origin), headers: {}, secrets: [], env }, (text) => text);
    await vi.waitUntil(() => other.asked.length === 1, { timeout: 30_000 });
    for (const { answer } of [...server.asked, ...other.asked]) answer();
    await Promise.all([...all, beside]);
    await other.close();
  });

  test('that one 429 holds back wait as long as it says, whoever sends them', async () => {
    const all = ['/1', '/2', '/3', '/4', '/5'].map(async (path) => ask(path));
    await came(4);
    const told = now();
    server.asked[0]?.answer(429, { 'retry-after': '1' });
    await came(5);
    server.asked[1]?.answer();
    await came(6);
    expect(paths().slice(4).toSorted()).toEqual(['/1', '/5']);
    for (const { at } of server.asked.slice(4)) expect(at).toBeGreaterThanOrEqual(told + 1000 - SLACK);
    for (const { answer } of server.asked.slice(2)) answer();
    await Promise.all(all);
  });

  test('do not wait for what nobody waits for: a host that asks for an hour', async () => {
    const first = ask('/1').catch((error: unknown) => error);
    await came(1);
    server.asked[0]?.answer(429, { 'retry-after': '3600' });
    expect(await first).toMatchObject({ status: 429 });
    const next = ask('/2');
    await came(2);
    server.asked[1]?.answer();
    expect(await next).toBe('{}');
  });

  test('are as far apart as the least of what sources allow says, in the order of asking', async () => {
    const began = now();
    const all = [ask('/1', { perMinute: 300 }), ask('/2'), ask('/3', { perMinute: 600 }), ask('/4')];
    for (let at = 0; at < all.length; at += 1) {
      await came(at + 1);
      expect(server.asked[at]?.at).toBeGreaterThanOrEqual(began + at * 200 - SLACK);
      server.asked[at]?.answer();
    }
    await Promise.all(all);
    expect(paths()).toEqual(['/1', '/2', '/3', '/4']);
  });

  test('have their whole deadline when it is their turn', async () => {
    const more = { perMinute: 20, deadline: 2500 };
    const all = [ask('/1', more), ask('/2', more)];
    await came(1);
    server.asked[0]?.answer();
    await came(2);
    server.asked[1]?.answer();
    await Promise.all(all);
    expect(paths()).toEqual(['/1', '/2']);
  });

  test('that wait end with the run, and leave their place to others', async () => {
    const all = ['/1', '/2', '/3', '/4'].map(async (path) => ask(path));
    await came(4);
    const stop = new AbortController();
    const waiting = ask('/5', { signal: stop.signal });
    const next = ask('/6');
    stop.abort(new Error('stopped by the test'));
    await expect(waiting).rejects.toThrow('stopped by the test');
    server.asked[0]?.answer();
    await came(5);
    for (const { answer } of server.asked.slice(1)) answer();
    await Promise.all([...all, next]);
    expect(paths()).toContain('/6');
    expect(paths()).not.toContain('/5');
  });

  test('that wait for their minute end with the run', async () => {
    const first = ask('/1', { perMinute: 1 });
    await came(1);
    server.asked[0]?.answer();
    await first;
    const stop = new AbortController();
    const waiting = ask('/2', { signal: stop.signal });
    stop.abort(new Error('stopped by the test'));
    await expect(waiting).rejects.toThrow('stopped by the test');
    expect(paths()).toEqual(['/1']);
  });
});

describe('`requests_per_minute` of a source', () => {
  let costs: CostServer;
  let vendor: DeclaredServer;

  beforeEach(async () => {
    costs = await startCostServer('openai');
    vendor = await startDeclaredServer();
  });
  afterEach(async () => {
    await costs.close();
    await vendor.close();
  });

  function openai(id: string, requestsPerMinute?: number): OpenAiCostsSource {
    const times = { from: null, trailingDays: 10, lagDays: 0, requestsPerMinute };
    const pull = { keyVariable: 'COST_KEY', url: costs.url, groupBy: ['project_id'], endpoints: [], ...times };
    return { ...BILL, id, kind: 'openai-costs', provider: 'openai', basis: 'billed', files: [], pull };
  }

  test('counts for every source of the run that asks the same host', async () => {
    await using company = await Company.make();
    const today = () => new Date('2026-08-15T03:00:00Z');
    const outside = { start: '2026-07', now: today, env: { COST_KEY: costs.key } } as const;
    const began = performance.now();
    await company.land(openai('one', 300), outside);
    await company.land(openai('two'), outside);
    expect(costs.log).toHaveLength(4);
    expect(performance.now() - began).toBeGreaterThanOrEqual(3 * 200 - SLACK);
  });

  test('counts for the pages of a declared API', async () => {
    fillJuly(vendor, 7);
    await using company = await Company.make();
    const began = performance.now();
    await company.land(vendorAt(vendor, { requestsPerMinute: 300 }), outsideOf(vendor, '2026-07-09'));
    expect(vendor.log.length).toBeGreaterThan(2);
    expect(performance.now() - began).toBeGreaterThanOrEqual((vendor.log.length - 1) * 200 - SLACK);
  });
});
