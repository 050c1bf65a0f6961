// Random companies through every model: nothing vanishes, nothing is made, and neither order nor threads matter. Planted damage shows.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModel, createEmpty, fillInput, levelGroup, prepareWarehouse, setLevel } from '../../src/model/build.js';
import { type Catalog, type Model, readCatalog } from '../../src/model/catalog.js';
import { contractBreaches } from '../../src/model/verify.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { NOTHING_BEFORE } from '../../src/run/books.js';
import { planSteps } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Row, Warehouse } from '../../src/warehouse/warehouse.js';
import { type RandomCompany, randomCompany } from './random-company.js';
import { Dice } from './random-dice.js';

let catalog: Catalog;
let single: Warehouse;
let parallel: Warehouse;

beforeAll(async () => {
  single = await openDuckDb({ threads: 1 });
  parallel = await openDuckDb({ threads: 4 });
  catalog = await readCatalog('sql', single);
});
afterAll(async () => {
  await single[Symbol.asyncDispose]();
  await parallel[Symbol.asyncDispose]();
});

function modelOf(name: string): Model {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

type BuildOne = (engine: Warehouse, model: Model) => Promise<unknown>;

/** A model without its contract, for tables that are compared with verified ones. */
async function buildBare(engine: Warehouse, model: Model): Promise<void> {
  const head = { append: `INSERT INTO ${model.name}`, view: `CREATE OR REPLACE VIEW ${model.name} AS` };
  const { build } = model.contract;
  const statement = build === 'append' || build === 'view' ? head[build] : `CREATE OR REPLACE TABLE ${model.name} AS`;
  await engine.run(`${statement} ${model.sql ?? ''}`);
}

/** Builds all but the marts, in the order of a run. `shuffle` fills the inputs in another order. */
async function runCompany(engine: Warehouse, company: RandomCompany, build: BuildOne, shuffle: Dice | null): Promise<void> {
  await prepareWarehouse(engine, catalog);
  for (const model of catalog.models) if (model.layer === 'raw') await createEmpty(engine, model);
  for (const [name, rows] of Object.entries(company.tables))
    await fillInput(engine, modelOf(name), shuffle === null ? rows : shuffle.shuffled(rows));
  const pipeline: Partial<Pipeline> = { sources: [], start: '2026-07', rules: [] };
  for (const step of planSteps(pipeline as Pipeline, catalog, NOTHING_BEFORE)) {
    if (step.kind === 'build' && !step.model.startsWith('marts.')) await build(engine, modelOf(step.model));
    if (step.kind !== 'level' || step.level > 0) continue;
    for (let level = 0; level <= company.levels; level += 1) {
      await setLevel(engine, level);
      for (const model of levelGroup(catalog)) await build(engine, model);
    }
  }
}

const FAILING = 'SELECT * FROM reconciliation.control WHERE NOT passed ORDER BY control, scope, billing_month, currency';
const COST = 'SELECT * FROM allocation.cost ORDER BY ALL';
const BOOKS = 'SELECT * FROM allocation.pool_entry ORDER BY ALL';

/** Σ ledger of each month and currency, beside what the identity says that it must be. */
const TIED = `
  SELECT i.billing_month, i.currency, i.expected, coalesce(c.amount, CAST(0 AS DECIMAL(38,12))) AS cost
  FROM reconciliation.statement_identity AS i
  LEFT JOIN (SELECT billing_month, currency, money_sum(amount) AS amount FROM allocation.cost GROUP BY billing_month, currency) AS c
    ON c.billing_month = i.billing_month AND c.currency = i.currency`;

/** An amount of a raw line, as text, at the rate of its month; integers of 10^-12 × 10^-12, apart from the macro that converts. */
const inDollars = (amount: string): string => `
  CASE WHEN l.billing_currency = 'USD' THEN half_even_12(CAST(${amount} AS DECIMAL(38,24)))
       ELSE from_pico(CASE WHEN ${amount} LIKE '-%' THEN -1 ELSE 1 END
                      * half_even_div(abs(pico(half_even_12(CAST(${amount} AS DECIMAL(38,24))))) * pico(x.rate), CAST(1000000000000 AS HUGEINT))) END`;
const RAW_LINE = `raw.focus_line AS l
    LEFT JOIN run.fx AS x ON strftime(x.month, '%Y-%m') = substr(l.billing_period_start, 1, 7) AND x.from_currency = l.billing_currency`;

/** Σ of bill lines straight from the raw tables, which no rule has touched: AWS by its effective column, without what the register capitalises. */
const RAW_AWS = `
  WITH raw_line AS (
    SELECT substr(billing_period_start, 1, 7) AS month, 'USD' AS currency, ${inDollars('l.effective_cost')} AS amount
    FROM ${RAW_LINE} WHERE charge_description NOT LIKE 'Rack%' AND billing_period_start >= '2026-07' AND billing_period_start < '2026-09')
  SELECT month, currency, money_sum(amount) AS amount FROM raw_line GROUP BY month, currency HAVING money_sum(amount) <> 0 ORDER BY 1, 2`;
const ALLOCATED_AWS = `
  SELECT month_text(billing_month) AS month, currency, money_sum(amount) AS amount
  FROM allocation.cost WHERE provider = 'aws' AND basis = 'effective' GROUP BY 1, 2 HAVING money_sum(amount) <> 0 ORDER BY 1, 2`;

/** Σ of what AWS asks for, straight from the raw table, beside that of the keys of the bridge, of which each cause repeats it. */
const RAW_BILLED = `
  SELECT substr(billing_period_start, 1, 7) AS month, 'USD' AS currency, money_sum(${inDollars('l.billed_cost')}) AS amount
  FROM ${RAW_LINE} WHERE billing_period_start >= '2026-07' AND billing_period_start < '2026-09' GROUP BY 1, 2 ORDER BY 1, 2`;
const BRIDGED = `
  WITH key AS (SELECT DISTINCT billing_month, sku, meter, currency, billed_amount FROM marts.variance_bridge_month WHERE provider = 'aws')
  SELECT billing_month AS month, currency, money_sum(billed_amount) AS amount FROM key GROUP BY 1, 2 ORDER BY 1, 2`;

/** Of each provider's month: Σ of the causes, beside Σ billed of the books − Σ rated usage. */
const BRIDGED_DIFFERENCE = `
  WITH side AS (
    SELECT billing_month, provider, currency, billed_amount AS amount FROM allocation.charge_line
    UNION ALL
    SELECT billing_month, provider, currency, -rated_amount FROM reconciliation.bridge_usage
  ), difference AS (
    SELECT month_text(billing_month) AS month, provider, currency, money_sum(amount) AS amount FROM side GROUP BY 1, 2, 3
  ), told AS (
    SELECT billing_month AS month, provider, currency, money_sum(amount) AS amount FROM marts.variance_bridge_month GROUP BY 1, 2, 3
  )
  SELECT d.*, d.amount AS difference, t.amount AS told
  FROM difference AS d FULL JOIN told AS t ON t.month = d.month AND t.provider = d.provider AND t.currency = d.currency
  WHERE d.month IS NULL OR d.month IN ('2026-07', '2026-08')`;

/** Pools that keep something, rows that do not say how they came about, lines that are in no pool or in two, and months of which the pools pass on more or less than the statement says. */
const POOL_BREACHES = `
  SELECT 'keeps something' AS breach, pool_id AS what FROM allocation.pool_entry GROUP BY billing_month, currency, pool_id HAVING money_sum(amount) <> 0
  UNION ALL
  SELECT 'no method', feature_id FROM allocation.allocated_cost WHERE NOT regexp_matches(method_id, '^[^/]+/[^/]+$')
  UNION ALL
  SELECT 'not once', l.line_key FROM allocation.cost_line AS l LEFT JOIN allocation.line_rule AS m ON m.line_key = l.line_key
  GROUP BY l.line_key HAVING count(m.line_key) <> 1
  UNION ALL
  SELECT 'differs from the statement', currency
  FROM (SELECT billing_month, currency, amount FROM allocation.pool_entry WHERE entry <> 'received' AND service IS NULL
        UNION ALL SELECT billing_month, currency, amount FROM allocation.cost) AS side
  GROUP BY billing_month, currency HAVING money_sum(amount) <> 0`;

describe('conservation', () => {
  it('holds for random companies, whatever the order of rows and the number of threads', { timeout: 180_000 }, async () => {
    const [reasons, served] = [new Set<string>(), new Set<string>()];
    const owned = new Set<string>();
    const currencies = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const company = randomCompany(seed);
        await Promise.all([
          runCompany(single, company, buildModel, null),
          runCompany(parallel, company, buildBare, new Dice(seed + 1)),
        ]);
        expect(await contractBreaches(single, modelOf('allocation.allocated_cost'), true)).toEqual([]);
        expect(await single.rows(FAILING)).toEqual([]);
        expect(await single.rows(POOL_BREACHES)).toEqual([]);
        const tied = await single.rows(TIED);
        expect(tied.map((row) => row['currency'])).toEqual(['USD', 'USD']);
        for (const row of tied) expect(row['cost']).toBe(row['expected']);
        await buildModel(single, modelOf('marts.currency_month'));
        for (const row of await single.rows(FOREIGN)) currencies.add(String(row['original_currency']));
        expect(await single.rows(ALLOCATED_AWS)).toEqual(await single.rows(RAW_AWS));
        await buildModel(single, modelOf('marts.variance_bridge_month'));
        expect(await single.rows(BRIDGED)).toEqual(await single.rows(RAW_BILLED));
        const bridged = await single.rows(BRIDGED_DIFFERENCE);
        expect(bridged.length).toBeGreaterThan(3);
        for (const row of bridged) expect(row['told']).toBe(row['difference']);
        for (const row of await single.rows(SEEN)) reasons.add(String(row['seen']));
        for (const row of await single.rows(SERVED)) served.add(String(row['served']));
        expect(await parallel.rows(COST)).toEqual(await single.rows(COST));
        expect(await parallel.rows(BOOKS)).toEqual(await single.rows(BOOKS));
        for (const row of await single.rows(OWNED)) owned.add(String(row['seen']));
        expect(await parallel.rows(COST)).toEqual(await single.rows(COST));
        expect(await parallel.rows(BY_OWNER)).toEqual(await single.rows(BY_OWNER));
        expect(await parallel.rows(FAILING)).toEqual([]);
      }),
      { numRuns: process.env['LONG'] === undefined ? 3 : 12, endOnFailure: true, examples: [[1], [4], [8]] },
    );
    expect([...reasons]).toEqual(expect.arrayContaining(EXPECTED));
    expect([...served]).toEqual(expect.arrayContaining(EXPECTED_SERVED));
    expect([...owned]).toEqual(expect.arrayContaining(['split', 'split and rounded', 'credit']));
    expect([...currencies].sort()).toEqual(['EUR', 'JPY', 'KWD']);
  });
});

const BY_OWNER = 'SELECT * FROM allocation.owner_statement ORDER BY ALL';
/** Rows of the statement that several owners share, some where the cents of the parts are not those of the row. */
const OWNED = `
  WITH part AS (
    SELECT *, count(*) OVER (PARTITION BY statement_key, row_key, role) AS parts FROM allocation.owner_statement
  )
  SELECT DISTINCT CASE WHEN amount < 0 THEN 'credit' WHEN amount = CAST(statement_amount AS DECIMAL(38,12)) THEN 'split' ELSE 'split and rounded' END AS seen
  FROM part WHERE parts > 1`;

const FOREIGN =
  "SELECT DISTINCT original_currency FROM marts.currency_month WHERE original_currency <> currency AND rate_source = 'test'";

const SEEN = 'SELECT DISTINCT coalesce(reason, feature_id) AS seen FROM allocation.cost';
/** Method and grain, without the name of the pool: who served the pools, and what they passed on to each other. */
const SERVED = `SELECT DISTINCT regexp_replace(method_id, '^[^/]+/', '') AS served FROM allocation.allocated_cost
  UNION SELECT 'fed by a pool' FROM allocation.pool_entry WHERE entry = 'received' AND service IS NOT NULL AND counterparty <> '(usage)'`;
const EXPECTED_SERVED = ['rated_cost@previous_month', 'revenue@month', 'fed by a pool', 'shares@day', 'proportional@month'];
/** What a fair number of companies must have met, or the generator is too tame. */
const EXPECTED = ['chat', '(idle)', 'untagged', 'unregistered_feature', 'no_driver', 'no_rule'];

describe('planted damage', () => {
  beforeAll(async () => runCompany(single, randomCompany(11), buildModel, null));

  const damages: readonly (readonly [what: string, damage: string, control: string])[] = [
    [
      'a day of a line lost',
      'DELETE FROM allocation.cost_day WHERE rowid = (SELECT min(rowid) FROM allocation.cost_day WHERE amount <> 0)',
      'charge_spread',
    ],
    ['a share booked twice', `INSERT INTO allocation.allocated_cost ${anyShare('rule_no > 0')}`, 'pool_conserves'],
    ['an estimate booked twice', `INSERT INTO allocation.allocated_cost ${anyShare('level = 0')}`, 'pool_conserves'],
    [
      'a unit of 10^-12 made',
      `UPDATE allocation.allocated_cost SET amount = amount + CAST('0.000000000001' AS DECIMAL(38,12)) WHERE rowid = 0`,
      'pool_conserves',
    ],
    [
      'a row of the ledger lost',
      `CREATE TABLE allocation.held AS FROM allocation.cost; DROP VIEW allocation.cost; ALTER TABLE allocation.held RENAME TO cost;
       DELETE FROM allocation.cost WHERE rowid = (SELECT min(rowid) FROM allocation.cost WHERE amount <> 0)`,
      'statement_identity',
    ],
    [
      'a contra entry of a pool lost',
      "DELETE FROM allocation.pool_entry WHERE rowid = (SELECT min(rowid) FROM allocation.pool_entry WHERE entry <> 'received' AND amount <> 0)",
      'pool_conserves',
    ],
    ['a bill line lost', 'DELETE FROM raw.focus_line WHERE row = 1', 'bill_read'],
    ['a usage record lost', 'DELETE FROM raw.usage_event WHERE row = 1', 'usage_read'],
    [
      'a charge out of the books',
      'DELETE FROM allocation.charge_line WHERE rowid = (SELECT min(rowid) FROM allocation.charge_line WHERE billed_amount <> 0)',
      'bill_total',
    ],
    [
      'a schedule cut short',
      "DELETE FROM allocation.fixed_day WHERE entry_id = 'rack' AND usage_date = DATE '2026-07-30'",
      'amortization_schedule',
    ],
    [
      'a statement row moved by a cent',
      "UPDATE allocation.statement SET statement_amount = statement_amount + CAST('0.01' AS DECIMAL(38,4)) WHERE rowid = (SELECT min(rowid) FROM allocation.statement WHERE currency = 'USD')",
      'statement_rounding',
    ],
    [
      'a part of an owner lost',
      'DELETE FROM allocation.owner_statement WHERE rowid = (SELECT min(rowid) FROM allocation.owner_statement WHERE statement_amount <> 0)',
      'owner_total',
    ],
    [
      'a converted charge moved',
      "UPDATE allocation.charge_line SET billed_amount = billed_amount + 1 WHERE rowid = (SELECT min(rowid) FROM allocation.charge_line WHERE original_currency = 'EUR')",
      'currency_converted',
    ],
    [
      'a charge left without a rate',
      "UPDATE allocation.charge_line SET exchange_rate = NULL WHERE original_currency = 'JPY' AND billing_month = DATE '2026-07-01'",
      'exchange_rate',
    ],
    [
      'a currency lost from the statement',
      'DELETE FROM reconciliation.conversion WHERE rowid = (SELECT min(rowid) FROM reconciliation.conversion WHERE amount <> 0 AND original_currency <> currency)',
      'currency_total',
    ],
    [
      'a part of the bridge lost',
      'DELETE FROM reconciliation.bridge_part WHERE rowid = (SELECT min(rowid) FROM reconciliation.bridge_part)',
      'variance_bridge',
    ],
    [
      'a unit of 10^-12 moved on the bridge',
      `UPDATE reconciliation.bridge_part SET amount = amount + CAST('0.000000000001' AS DECIMAL(38,12)) WHERE rowid = 0`,
      'variance_bridge',
    ],
    [
      'a charge off the bridge',
      'DELETE FROM reconciliation.bridge_charge WHERE rowid = (SELECT min(rowid) FROM reconciliation.bridge_charge WHERE billed_amount <> 0)',
      'variance_bridge',
    ],
    [
      'rated usage off the bridge',
      'DELETE FROM reconciliation.bridge_usage WHERE rowid = (SELECT min(rowid) FROM reconciliation.bridge_usage WHERE rated_amount <> 0)',
      'variance_bridge_rated',
    ],
  ];

  it.each(damages)('%s fails its control', { timeout: 20_000 }, async (_what, damage, control) => {
    await single.run('BEGIN');
    try {
      await single.run(damage);
      await rebuildAfter(damage);
      const failing = await single.rows(FAILING);
      expect(failing.map((row: Row) => row['control'])).toContain(control);
    } finally {
      await single.run('ROLLBACK');
    }
    expect(await single.rows(FAILING)).toEqual([]);
  });

  it('names the pool that holds 10^13 or more in one piece', { timeout: 20_000 }, async () => {
    await single.run('BEGIN');
    try {
      await single.run(`
        INSERT INTO allocation.pool_line (rule_no, billing_month, usage_date, provider, category, basis, finality, currency, amount)
        SELECT rule_no, DATE '2026-07-01', DATE '2026-07-01', 'aws', 'Usage', 'billed', 'final', 'USD', -10000000000000
        FROM run.rule WHERE method <> 'direct' ORDER BY rule_no LIMIT 1`);
      const failure: unknown = await buildModel(single, modelOf('allocation.pool_item')).catch((error: unknown) => error);
      expect(failure).toMatchObject({ problems: [{ code: 'contract/check' }] });
      expect(JSON.stringify(failure)).toMatch(/pool_id=pool \d+  rule_no=\d+.*amount=-10000000000000/);
    } finally {
      await single.run('ROLLBACK');
    }
  });
});

function anyShare(where: string): string {
  return `SELECT * FROM allocation.allocated_cost WHERE ${where} AND amount <> 0 ORDER BY ALL LIMIT 1`;
}

/** What reads the damaged table is built anew, but for the pools, whose days the damage is to contradict. */
async function rebuildAfter(damage: string): Promise<void> {
  const [, damaged = ''] = /(?:FROM|INTO|UPDATE) (\w+\.\w+)/.exec(damage) ?? [];
  const stale = new Set([damaged]);
  for (const model of catalog.models) {
    const isPool = model.contract.build === 'level' || model.contract.build === 'append';
    if (isPool || model.layer === 'marts' || model.sql === null || stale.has(model.name)) continue;
    if (!model.reads.some((name) => stale.has(name))) continue;
    if (model.layer === 'allocation' && !['allocation.allocated_cost', 'allocation.cost'].includes(damaged)) continue;
    stale.add(model.name);
    await buildBare(single, model);
  }
}
