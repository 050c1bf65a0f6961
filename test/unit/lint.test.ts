import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintSql, macrosOf } from '../../src/model/lint.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const MACROS = macrosOf(`
  CREATE OR REPLACE MACRO money_sum(x) AS sum(x);
  CREATE OR REPLACE MACRO add_days(d, n) AS d + n;
  CREATE OR REPLACE MACRO day_series(a, b) AS generate_series(a, b);
  CREATE OR REPLACE MACRO apportion(items, weights) AS TABLE SELECT 1;
`);

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb({ threads: 1 });
});
afterAll(async () => warehouse[Symbol.asyncDispose]());

async function lint(text: string) {
  return lintSql({ file: 'sql/marts/x.sql', text, parsed: await warehouse.parse(text) }, MACROS);
}

/** Rule, the spot it must point at (marked by what follows `¦`), the SQL. */
const PLANTS: readonly (readonly [code: string, sql: string])[] = [
  ['double-colon', 'select a¦::bigint as a from marts.t'],
  ['semicolon', 'select a from marts.t¦;'],
  ['one-select', 'select a from marts.t; select ¦b from marts.t'],
  ['syntax', 'select a frm ¦marts.t x'],
  ['group-by-all', 'select a, count(*) as n from marts.t ¦group by all'],
  ['star-modifier', 'select a from marts.t order by ¦all'],
  ['star-modifier', 'select ¦* exclude (a) from marts.t'],
  ['star-modifier', 'select ¦* replace (a as b) from marts.t'],
  ['star-modifier', 'select ¦* rename (a as b) from marts.t'],
  ['star-modifier', "select ¦columns('a.*') from marts.t"],
  ['star-join', 'select ¦* from marts.t join marts.u on t.a = u.a'],
  ['star-join', 'select ¦* from marts.t, marts.u'],
  ['qualify', 'select a from marts.t qualify row_number() over (order by a) ¦= 1'],
  ['operator', 'select a ¦/ b as c from marts.t'],
  ['operator', 'select a ¦// b as c from marts.t'],
  ['operator', "select a ¦ilike 'x' as c from marts.t"],
  ['operator', 'select a ¦^ b as c from marts.t'],
  ['operator', 'select a from marts.t where a ¦== 1'],
  ['operator', 'select a from marts.t where a ¦isnull'],
  ['operator', 'select a from marts.t where a ¦notnull'],
  ['join', 'select t.a from marts.t ¦asof join marts.u on t.a >= u.a'],
  ['join', 'select t.a from marts.t ¦positional join marts.u'],
  ['join', 'select t.a from marts.t ¦natural join marts.u'],
  ['join', 'select t.a from marts.t ¦semi join marts.u on t.a = u.a'],
  ['join', 'select t.a from marts.t ¦anti join marts.u on t.a = u.a'],
  ['using', 'select t.a from marts.t ¦join marts.u using (a)'],
  ['from-first', '¦from marts.t'],
  ['from-first', '¦from marts.t select a'],
  ['from-first', 'with x as (¦from marts.t select a) select a from x'],
  ['from-first', 'select a from marts.t union all ¦from marts.u'],
  ['bracket', 'select ¦[1, 2] as a from marts.t'],
  ['bracket', 'select a¦[1] as a from marts.t'],
  ['function', 'select [¦1, 2] as a from marts.t'],
  ['struct-literal', "select ¦{'a': 1} as a from marts.t"],
  ['construct', 'select list_transform(a, x ¦-> x + 1) as a from marts.t'],
  ['construct', 'select (¦a).b from marts.t'],
  ['construct', 'select ¦a collate nocase as a from marts.t'],
  ['construct', 'select ¦#1 from marts.t'],
  ['construct', 'select try(¦a) as a from marts.t'],
  ['construct', 'describe select ¦a from marts.t'],
  ['ignore-nulls', 'select ¦first_value(a ignore nulls) over (order by b) as a from marts.t'],
  ['limit', 'select a from marts.t limit ¦3'],
  ['limit', 'select a from marts.t order by a limit ¦10%'],
  ['offset', 'select a from marts.t order by a limit 3 offset ¦1'],
  ['function', 'select ¦json_extract_string(a, b) as a from marts.t'],
  ['function', "select ¦regexp_matches(a, 'x') as a from marts.t"],
  ['function', "select ¦date_trunc('month', a) as a from marts.t"],
  ['function', 'select ¦greatest(a, b) as a from marts.t'],
  ['function', 'select ¦now() as a from marts.t'],
  ['function', 'select ¦random() as a from marts.t'],
  ['function', 'select ¦sum(a) as a from marts.t'],
  ['function', 'select ¦avg(a) as a from marts.t'],
  ['function', 'select max(b) as b from marts.t having ¦sum(a) > 1'],
  ['function', 'select ¦max(a, 2) as a from marts.t'],
  ['function', 'select ¦median(a) over () as a from marts.t'],
  ['function', "select a ¦similar to 'x' as b from marts.t"],
  ['function', 'select ¦extract(dow from d) as b from marts.t'],
  ['clock', 'select ¦current_date as today from marts.t'],
  ['clock', 'select ¦current_timestamp as at from marts.t'],
  ['cast-type', 'select ¦cast(a as double) as a from marts.t'],
  ['cast-type', 'select ¦try_cast(a as float) as a from marts.t'],
  ['cast-type', 'select ¦cast(a as hugeint) as a from marts.t'],
  ['cast-type', 'select ¦cast(a as json) as a from marts.t'],
  ['cast-type', 'select ¦cast(a as timestamptz) as a from marts.t'],
  ['bare-decimal', 'select cast(a as ¦decimal) as a from marts.t'],
  ['bare-timestamp', 'select cast(a as ¦timestamp) as a from marts.t'],
  ['varchar-length', 'select cast(a as ¦varchar(3)) as a from marts.t'],
  ['decimal-literal', 'select a * ¦1.5 as a from marts.t'],
  ['decimal-literal', 'select a * ¦.5 as a from marts.t'],
  ['decimal-literal', 'select a * ¦1e3 as a from marts.t'],
  ['decimal-literal', 'select a * ¦1_000 as a from marts.t'],
  ['decimal-literal', 'select a * ¦9223372036854775808 as a from marts.t'],
  ['decimal-literal', "select decimal ¦'1.5' as a from marts.t"],
  ['distinct-on', 'select distinct on (¦a) a, b from marts.t'],
  ['recursive', 'with recursive n as (select ¦1 as x union all select x + 1 from n) select x from n'],
  ['by-name', 'select ¦a from marts.t union all by name select a from marts.u'],
  ['alias-reuse', 'select a + 1 as b from marts.t where ¦b > 1'],
  ['alias-reuse', 'select a + 1 as b, ¦b + 1 as c from marts.t'],
  ['alias-reuse', 'select a + 1 as b, count(*) as n from marts.t group by ¦b'],
  ['alias-reuse', 'select a, count(*) as n from marts.t group by a having ¦n > 1'],
  ['window-order', 'select ¦row_number() over () as n from marts.t'],
  ['window-order', 'select ¦row_number() over (partition by a) as n from marts.t'],
  ['window-order', 'select ¦lag(a) over (partition by b) as n from marts.t'],
  ['window-distinct', 'select ¦count(distinct a) over (partition by b) as n from marts.t'],
  [
    'window-exclude',
    'select ¦sum(a) over (order by b rows between 1 preceding and current row exclude current row) as n from marts.t',
  ],
  ['aggregate-order', 'select ¦min(a order by b) as a from marts.t'],
  ['aggregate-distinct', 'select ¦max(distinct a) as a from marts.t'],
  ['interval', "select d + interval ¦'3' day as d from marts.t"],
  ['sample', 'select a from ¦marts.t tablesample 10%'],
  ['sample', 'select ¦a from marts.t using sample 3'],
  ['table-function', "select a from ¦read_csv('x.csv')"],
  ['table-function', 'select a from ¦range(10) as r(a)'],
  ['table-name', "select a from ¦'x.csv'"],
  ['table-name', 'select a from ¦other.marts.t'],
  ['materialized', 'with x ¦as materialized (select a from marts.t) select a from x'],
  ['materialized', 'with x ¦as not materialized (select a from marts.t) select a from x'],
  ['named-argument', 'select lower(a ¦:= b) as a from marts.t'],
  ['named-argument', 'select lower(a ¦=> b) as a from marts.t'],
  ['is-true', 'select a from marts.t where a ¦is true'],
  ['is-true', 'select a from marts.t where a ¦is not true'],
  ['is-true', 'select a from marts.t where a ¦is false'],
  ['is-true', 'select a from marts.t where a ¦is not false'],
  ['parameter', 'select ¦? as a from marts.t'],
  ['parameter', 'select ¦$1 as a from marts.t'],
  ['trailing-comma', 'select a¦, from marts.t'],
  ['trailing-comma', "select a from marts.t where a in ('x'¦, )"],
  ['string-prefix', "select ¦e'\\n' as a from marts.t"],
  ['string-prefix', "select ¦x'ff' as a from marts.t"],
  ['string-prefix', 'select ¦$$a$$ as a from marts.t'],
  ['string-name', "select a as ¦'b' from marts.t"],
  ['reserved', 'select a as ¦skip from marts.t'],
];

describe('a planted breach is caught, where it stands', () => {
  it.each(PLANTS)('sql/%s: %s', async (code, marked) => {
    const text = `-- é: bytes and characters differ\n${marked.replace('¦', '')}`;
    const problems = (await lint(text)).filter((problem) => problem.code === `sql/${code}`);
    expect(problems.map(({ place }) => `${place?.line}:${place?.column}`)).toContain(`2:${marked.indexOf('¦') + 1}`);
    for (const problem of problems) expect(problem.remedy).not.toBe('');
  });

  it('sql/too-long', async () => {
    const text = `select a\nfrom marts.t${'\n  -- on'.repeat(60)}\nwhere a = 1\n`;
    expect((await lint(text)).map(({ code }) => code)).toEqual(['sql/too-long']);
    expect(await lint(`select a${'\n'.repeat(57)} from marts.t\n`)).toEqual([]);
  });

  it('says what, where and what to do', async () => {
    expect(await lint('select\n  a / b as c\nfrom marts.t')).toEqual([
      {
        code: 'sql/operator',
        message: 'division: DuckDB answers DOUBLE, Trino an integer or a rounded decimal',
        remedy: 'divide with a macro of sql/macros/ (ratio, divide_by_rate); money is divided by apportion alone',
        place: { file: 'sql/marts/x.sql', line: 2, column: 5 },
        excerpt: 'a / b as c',
      },
    ]);
  });

  it('has a plant for every rule', () => {
    const sources = readdirSync('src/model').filter((name) => name.startsWith('lint'));
    const text = sources.map((name) => readFileSync(`src/model/${name}`, 'utf8')).join('\n');
    const named = text.matchAll(/(?:report\([^,]+,|found\()\s*'([a-z-]+)'|'sql\/([a-z-]+)'/g);
    const codes = new Set([...named].map(([, short, long]) => short ?? long ?? ''));
    const planted = new Set([...PLANTS.map(([code]) => code), 'too-long']);
    expect(codes.size).toBeGreaterThan(30);
    expect([...codes].filter((code) => !planted.has(code))).toEqual([]);
  });
});

describe('the portable subset passes', () => {
  it.each([
    'select * from marts.t',
    'select t.*, u.b from marts.t as t join marts.u as u on u.a = t.a',
    'with x as (select a from marts.t), y as (select a from x) select * from y',
    'select a, money_sum(b) as b, count(*) as n, count(distinct c) as c from marts.t group by a having count(*) > 1',
    'select a, sum(b) over (partition by a) as b, row_number() over (partition by a order by b desc nulls last, c) as n from marts.t',
    "select cast('1.5' as decimal(38,12)) * cast(a as decimal(9,2)) as a, cast(b as timestamp(6)) as b from marts.t",
    "select case a when 1 then 'x' else 'y' end as a, coalesce(b, '') || '|' || lower(c) as b, nullif(d, 0) as d from marts.t",
    "select t.a from marts.t as t left join marts.u as u on u.a = t.a and u.b between t.b and t.c where u.a is null and t.d in ('x', 'y')",
    'select a from marts.t union all select a from marts.u except select a from marts.v',
    'select a from marts.t order by a, b limit 10',
    'select u.d from marts.t as t cross join unnest(day_series(t.a, t.b)) as u(d)',
    'with item as (select a from marts.t), weight as (select a from marts.u) ' +
      "select item_key, part from apportion('item', 'weight')",
    'select distinct a is distinct from b as changed, not (a is not distinct from c) as same from marts.t',
    "select substring(a from 2 for 3) as b, trim(both ' ' from a) as c, position('x' in a) as d from marts.t",
    "select a from marts.t where a like 'x!_%' escape '!' and exists (select 1 from marts.u where u.a = t.a)",
    'select a from marts.t where a > (select max(b) from marts.u)',
    'select upper(t.a) as a from marts.t as t where a > 1',
    'select v.a from (values (1, 2)) as v(a, b)',
    'select add_days(a, 1) as a, "row", "skip" from marts.t -- now(), 1.5, a::b',
    'select a, grouping(a) as g from marts.t group by rollup (a)',
    "select array[1, 2] as a, 9223372036854775807 as b, date '2026-01-01' as c from marts.t",
    'select \';::[1.5\' as a, "a::b" as b from marts.t /* qualify; group by all */',
  ])('%s', async (sql) => {
    expect(await lint(sql)).toEqual([]);
  });
});

it('reads the names of macros, of values and of tables', () => {
  expect([...MACROS.scalars]).toEqual(['money_sum', 'add_days', 'day_series']);
  expect([...MACROS.tables]).toEqual(['apportion']);
});
