// What a pull tells while it is under way: pages and bytes.
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/kernel/event.js';
import type { JsonCostsSource } from '../../src/pipeline/pipeline.js';
import { land } from '../../src/source/registry.js';
import { Company } from '../contract/company.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { fillJuly, outsideOf, vendorAt } from './declared-source.js';

vi.setConfig({ testTimeout: 30_000 });

let server: DeclaredServer;

beforeEach(async () => {
  server = await startDeclaredServer();
  fillJuly(server, 7);
});
afterEach(async () => server.close());

type Progress = Extract<RunEvent, { kind: 'progress' }>;

async function told({ root }: Company, config: JsonCostsSource, today: string): Promise<readonly Progress[]> {
  const told: Progress[] = [];
  const listener = (event: RunEvent) => void (event.kind === 'progress' && told.push(event));
  const landingDir = join(root, '.showback/landing');
  await land({ config, root, landingDir, listener, outside: outsideOf(server, today) });
  return told;
}

test('each page is told as it comes, with the bytes of all so far', async () => {
  await using company = await Company.make();
  const events = await told(company, vendorAt(server), '2026-07-09');
  expect(server.log).toHaveLength(4);
  expect(events.map(({ pages, done }) => [pages, done])).toEqual([
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 0],
    [4, 1],
  ]);
  const bytes = events.slice(0, 4).map((event) => event.bytes ?? 0);
  expect(new Set(bytes).size).toBe(4);
  expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
});

test('pages of several months count together', async () => {
  await using company = await Company.make();
  const events = await told(company, vendorAt(server), '2026-08-05');
  expect(events.at(-1)).toMatchObject({ pages: server.log.length, done: 2, total: 2, unit: 'files' });
});

test('where nothing was asked no pages are told', async () => {
  await using company = await Company.make();
  await told(company, vendorAt(server), '2026-07-09');
  const [again, ...others] = await told(company, vendorAt(server), '2026-07-09');
  expect(again).not.toHaveProperty('pages');
  expect(others).toEqual([]);
});
