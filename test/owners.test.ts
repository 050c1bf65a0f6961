// `showback show --by owner`: who answers for what of a published month, as a person reads it and as a machine does.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { type Company, companyOf, run } from './golden/company.js';
import { cli } from './unit/cli/harness.js';

const CASE = join(import.meta.dirname, '../fixtures/cases/owners-that-change-in-mid-month');

let company: Company & AsyncDisposable;
let cwd = '';
let warehouse = '';
beforeAll(async () => {
  company = await companyOf(CASE);
  const result = await run(company);
  cwd = company.folder;
  warehouse = result.warehousePath;
}, 120_000);
afterAll(async () => company[Symbol.asyncDispose]());

const show = async (...args: readonly string[]) => cli(['show', 'pipeline.yaml', ...args], { cwd });

it('tells a role of a month, the dearest owner first and what is nobody’s last', async () => {
  const { code, out } = await show('--by', 'owner', '--role', 'feature', '--month', '2026-07');
  expect([code, out]).toEqual([
    0,
    `Statement of 2026-07 by feature owner, USD
owner     answers for   share  feature        amount
────────  ───────────  ──────  ─────────────  ──────
ada             28.00  41.8 %  chat            28.00
noor            20.50  30.6 %  search          20.50
mira            17.51  26.1 %  chat            17.51
(nobody)         1.00   1.5 %  (unallocated)    1.00
────────  ───────────  ──────  ─────────────  ──────
total           67.01                          67.01
`,
  ]);
});

it('tells every role of the last month where none is named', async () => {
  const { out } = await show('--by', 'owner');
  expect(out.match(/^Statement.*/gm)).toEqual([
    'Statement of 2026-08 by feature owner, USD',
    'Statement of 2026-08 by platform owner, USD',
    'Statement of 2026-08 by business owner, USD',
  ]);
  expect(out.match(/^total.*/gm)).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/24\.00 +24\.00$/)));
});

it('tells one owner alone, role by role, and no total that is not theirs', async () => {
  const { out } = await show('--owner', 'raj', '--month', '2026-07');
  expect(out).toBe(`Statement of 2026-07 by platform owner, USD
owner  answers for   share  feature  amount
─────  ───────────  ──────  ───────  ──────
raj          20.50  30.6 %  search    20.50
`);
});

it('tells it to machines whole', async () => {
  const { out } = await show('last', '--owner', 'mira', '--month', '2026-07', '--json');
  expect(JSON.parse(out)).toEqual({
    month: '2026-07',
    statements: [
      {
        role: 'feature',
        currency: 'USD',
        total: '67.0100',
        owners: [{ owner: 'mira', amount: '17.5100', share: '26.1', features: [{ feature_id: 'chat', amount: '17.5100' }] }],
      },
    ],
  });
});

it.each([
  [['--by', 'owner', '--month', '2026-06'], 'cli/unknown-month', '2026-07, 2026-08'],
  [['--owner', 'mria', '--month', '2026-07'], 'cli/unknown-owner', 'did you mean `mira`?'],
  [['--owner', 'mira', '--role', 'business', '--month', '2026-07'], 'cli/unknown-owner', 'as business owner'],
  [['--by', 'team'], 'cli/bad-argument', 'owner'],
  [['--role', 'busines'], 'cli/bad-argument', 'business'],
])('refuses %j and says what there is', async (args, problem, remedy) => {
  const { code, err } = await show(...args);
  expect([code, err.includes(problem), err.includes(remedy)]).toEqual([2, true, true]);
});

it('says of an older run that it has no statement by owner', async () => {
  {
    await using own = await openDuckDb({ path: warehouse, threads: 1 });
    await own.run('DROP TABLE marts.showback_owner_month');
  }
  const { code, err } = await show('--by', 'owner');
  expect([code, err.includes('cli/no-owners'), err.includes('showback run --force')]).toEqual([2, true, true]);
});
