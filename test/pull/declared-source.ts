// The source that declares the API of `declared-server.ts`.
import type { JsonCostsSource, JsonLines, JsonPaging, JsonPull } from '../../src/pipeline/pipeline.js';
import type { Outside } from '../../src/source/source.js';
import { BILL } from '../contract/company.js';
import type { DeclaredServer } from './declared-server.js';

const QUICK = { pause: 5, deadline: 2000, largest: 10_000 };

export function outsideOf(server: DeclaredServer, today: string, more: Partial<Outside> = {}): Outside {
  return {
    start: '2026-07',
    now: () => new Date(`${today}T03:00:00Z`),
    env: { VENDOR_KEY: server.key },
    patience: QUICK,
    ...more,
  };
}

export const CURSOR: Extract<JsonPaging, { readonly kind: 'cursor' }> = {
  kind: 'cursor',
  param: 'cursor',
  next: 'meta.next',
  more: null,
};

function pullOf(server: DeclaredServer, more: Partial<JsonPull>): JsonPull {
  return {
    url: `${server.url}/v1/costs`,
    query: [
      ['start', '{from}'],
      ['end', '{to}'],
    ],
    body: null,
    headers: [{ name: 'Authorization', variable: 'VENDOR_KEY', prefix: 'Bearer ' }],
    page: CURSOR,
    every: 'month',
    reachDays: null,
    from: null,
    trailingDays: 10,
    lagDays: 0,
    ...more,
  };
}

export const LINES: JsonLines = {
  records: 'data.items',
  map: { charge_start: 'day', item: 'sku', amount: 'cost', project: 'owner.project', quantity: 'units' },
  constants: { currency: 'USD' },
  dates: 'iso',
  ends: 'exclusive',
  amountUnit: 'units',
  amountIs: 'exact',
  total: { amount: null, count: null },
};

export function vendorAt(server: DeclaredServer, pull: Partial<JsonPull> = {}, json: Partial<JsonLines> = {}): JsonCostsSource {
  const base = { ...BILL, kind: 'json-costs', provider: 'vendor', basis: 'billed', files: [] } as const;
  return { ...base, pull: pullOf(server, pull), json: { ...LINES, ...json } };
}

export function line(day: string, cost: string, more = ''): string {
  return `{"day":"${day}","sku":"read units","cost":${cost},"owner":{"project":"p-1"},"units":"7"${more}}`;
}

/** So many lines in July, one a day, each of its number in dollars. */
export function fillJuly({ days }: DeclaredServer, count: number): void {
  for (let day = 1; day <= count; day += 1) {
    const name = `2026-07-${String(day).padStart(2, '0')}`;
    days.set(name, [line(name, `"${day}"`)]);
  }
}
