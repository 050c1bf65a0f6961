// Cost and Usage Reports of AWS: which columns are read, and tags by one key whatever a report calls them.
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
  ])('%s', async (_, more, tags) => {
    expect((await read('a.csv', ofCur2(more))).tags).toEqual(tags);
  });
});
