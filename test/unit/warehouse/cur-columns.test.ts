// Cost and Usage Reports of AWS: which columns are read, and tags by one key whatever a report calls them.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CUR_NEEDED } from '../../../src/kernel/bill-lines.js';
import type { AwsCurSource } from '../../../src/pipeline/pipeline.js';
import { BILL, Company } from '../../contract/company.js';
import { bake } from '../../hostile/recipe.js';

const CUR: AwsCurSource = { ...BILL, kind: 'aws-cur', layout: { kind: 'files', files: ['in/*'] } };

/** Of a legacy report as CSV: `line_item_unblended_cost` is `lineItem/UnblendedCost` there. */
function legacyName(name: string): string {
  const [, group = '', rest = ''] = /^(bill|line_item)_(.+)$/.exec(name) ?? [];
  const upper = (words: string) => words.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return `${group === 'bill' ? group : 'lineItem'}/${upper(rest)}`;
}

const NEEDED = CUR_NEEDED.map((name) => [name, name === 'line_item_unblended_cost' ? '0.1' : 'x'] as const);

function csv(names: readonly string[], more: Readonly<Record<string, string>>): string {
  const cells = [...NEEDED.map(([, value]) => value), ...Object.values(more).map((value) => `"${value.replaceAll('"', '""')}"`)];
  return `${[...names, ...Object.keys(more)].join(',')}\n${cells.join(',')}\n`;
}

async function read(name: string, bytes: string | Uint8Array): Promise<{ readonly cost: unknown; readonly tags: unknown }> {
  await using company = await Company.make({ [`in/${name}`]: bytes });
  const [row] = await company.ask([CUR], 'SELECT line_item_unblended_cost AS cost, tags FROM raw.cur_line');
  const tags = row?.['tags'];
  return { cost: row?.['cost'], tags: typeof tags === 'string' ? JSON.parse(tags) : tags };
}

const ofCur2 = (more: Readonly<Record<string, string>>) => csv([...CUR_NEEDED], more);
const ofParquet = async (more: string) =>
  bake({ parquet: `SELECT ${NEEDED.map(([name, value]) => `'${value}' AS ${name}`).join(', ')}, ${more}` });

describe('tags of a report', () => {
  test.each<readonly [string, string, () => Promise<string | Uint8Array>]>([
    ['CUR 2.0, JSON', 'a.csv', async () => ofCur2({ resource_tags: '{"user_feature": "a, \\"user_b\\"", "user_env":"prod"}' })],
    [
      'CUR 2.0, maps',
      'a.parquet',
      async () => ofParquet(`MAP {'user_feature': 'a, "user_b"', 'user_env': 'prod'} AS resource_tags`),
    ],
    [
      'CUR 2.0, the newer map',
      'a.csv',
      async () => ofCur2({ tags: '{"resourceTags/user:feature":"a, \\"user_b\\"","resourceTags/env":"prod"}' }),
    ],
    [
      'legacy CSV',
      'a.csv',
      async () =>
        csv(CUR_NEEDED.map(legacyName), {
          'resourceTags/user:feature': 'a, "user_b"',
          'resourceTags/user:env': 'prod',
          'resourceTags/user:none': '',
        }),
    ],
    [
      'legacy Parquet',
      'a.parquet',
      async () =>
        ofParquet(`'a, "user_b"' AS resource_tags_user_feature, 'prod' AS resource_tags_user_env, '' AS resource_tags_user_none`),
    ],
  ])('go by the key that people gave them: %s', async (_, name, bytes) => {
    expect(await read(name, await bytes())).toEqual({ cost: '0.1', tags: { feature: 'a, "user_b"', env: 'prod' } });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, unknown]>([
    ['are null where there are none', { resource_tags: '{}' }, null],
    ['are null where the report has no column', {}, null],
    [
      'hold those that AWS made, and callers',
      { resource_tags: '{"aws_created_by":"r"}', tags: '{"iamPrincipal/feature":"b"}' },
      { aws_created_by: 'r', 'iamPrincipal/feature': 'b' },
    ],
    [
      'hold cost categories under a name of their own',
      { cost_category: '{"team":"x","unit":"y"}' },
      { 'costCategory/team': 'x', 'costCategory/unit': 'y' },
    ],
    ['hold cost categories of a legacy report', { 'costCategory/team': 'x' }, { 'costCategory/team': 'x' }],
    [
      'have the first of two with one key',
      { resource_tags: '{"user_a":"1","a":"2"}', tags: '{"resourceTags/user:a":"3"}' },
      { a: '1' },
    ],
    [
      'survive values that look like keys',
      { resource_tags: '{"user_a":"{\\"user_b\\":1},\\"user_c\\""}' },
      { a: '{"user_b":1},"user_c"' },
    ],
    ['survive what is nested', { resource_tags: '{"user_a":{"b":{}}}' }, { a: { b: {} } }],
    [
      'keep keys and texts inside of what is nested',
      { resource_tags: '{"user_a":{"user_b":["x","user_c"]},"user_d":null}' },
      { a: { user_b: ['x', 'user_c'] }, d: null },
    ],
    [
      'survive a comma or a brace before a quote',
      { cost_category: '{"team":"a,","unit":"b{","c,":"d","e":"},{"}' },
      { 'costCategory/team': 'a,', 'costCategory/unit': 'b{', 'costCategory/c,': 'd', 'costCategory/e': '},{' },
    ],
    [
      'lose one prefix only',
      { resource_tags: '{"user_user:a":"1"}', tags: '{"resourceTags/user:resourceTags/b":"2"}' },
      { 'user:a': '1', 'resourceTags/b': '2' },
    ],
    [
      'have the first of two with one key whatever it is written with, and the others as they are',
      { resource_tags: '{"user_a\\\\\\"":"1","a\\\\\\"":"2","user_b\\\\":"3","n":null,"o":{"x":1}}' },
      { 'a\\"': '1', 'b\\': '3', n: null, o: { x: 1 } },
    ],
    ['keep a list under the name of its column', { resource_tags: '[1]' }, { resource_tags: '[1]' }],
    [
      'keep what is no object beside others',
      { resource_tags: '[1]', tags: '{"resourceTags/user:a":"1"}', cost_category: '{"team":"cut' },
      { a: '1', resource_tags: '[1]', cost_category: '{"team":"cut' },
    ],
    [
      'keep what is no object beside those of a legacy report',
      { resource_tags: 'a=b', 'resourceTags/user:a': '1' },
      { a: '1', resource_tags: 'a=b' },
    ],
  ])('%s', async (_, more, tags) => {
    expect((await read('a.csv', ofCur2(more))).tags).toEqual(tags);
  });
});

describe('maps of any keys and texts', () => {
  const odd = fc.string({
    unit: fc.constantFrom('a', 'b', ',', '{', '}', '[', ']', ':', '"', '\\', '/', "'", ' ', '\n', '\u0001', 'é'),
    maxLength: 5,
  });
  const key = fc.tuple(fc.constantFrom('', 'user_', 'user:', 'aws_'), odd).map((words) => words.join(''));
  const map = fc.uniqueArray(fc.tuple(key, odd), { selector: ([each]) => each, maxLength: 4 });
  const json = (pairs: readonly (readonly [string, string])[]) =>
    `{${pairs.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(',')}}`;

  test('are what they were, but for what reports write before them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(map, map), { minLength: 40, maxLength: 80 }), async (lines) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const needed = NEEDED.map(([, value]) => value);
        const rows = lines.map(([tags, categories]) => [...needed, quoted(json(tags)), quoted(json(categories))].join(','));
        await using company = await Company.make({
          'in/a.csv': `${[[...CUR_NEEDED, 'resource_tags', 'cost_category'].join(','), ...rows].join('\n')}\n`,
        });
        const read = await company.ask([CUR], 'SELECT tags FROM raw.cur_line ORDER BY "row"');
        const expected = lines.map(([tags, categories]) => {
          const all = [
            ...tags.map(([name, text]) => [name.replace(/^user[_:]/, ''), text] as const),
            ...categories.map(([name, text]) => [`costCategory/${name}`, text] as const),
          ];
          return all.length === 0 ? null : Object.fromEntries(all.toReversed());
        });
        expect(read.map(({ tags }) => (tags === null ? null : JSON.parse(String(tags))))).toEqual(expected);
      }),
      { numRuns: 8, seed: 20_260_706, endOnFailure: true },
    );
  });
});
