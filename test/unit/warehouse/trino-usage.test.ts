// The text of the Trino reader: every field is read, quoted and typed, reasons stand in the order of the other reader. What it answers
// is held by test/engines/reader.test.ts.
import { describe, expect, test } from 'vitest';
import { LAKE_FIELDS, REJECT_REASONS, SQL_TYPE, USAGE_COLUMNS, USAGE_EVENT } from '../../../src/kernel/usage-event.js';
import { USAGE_FIELDS } from '../../../src/kernel/usage-fields.js';
import type { UsageSource } from '../../../src/pipeline/pipeline.js';
import { trinoLineOf, trinoUsageSelect } from '../../../src/warehouse/trino-usage.js';
import { slowSelect } from '../../../src/warehouse/usage-sql.js';
import { usage } from '../../contract/company.js';

function select(more: Partial<UsageSource> = {}): string {
  return trinoUsageSelect({ config: usage(more), textTable: '"db"."logs"', fileOf: { kind: 'below', location: 's3://b/logs/' } });
}

/** Literals and names taken out, so that what is left is the engine's own syntax. */
function bare(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) => quoted.slice(0, 1).repeat(2));
}

describe('the Trino reader of usage logs', () => {
  test('gives the columns of raw.usage_event in their order', () => {
    let head = select().slice('SELECT '.length, select().indexOf(' FROM ('));
    while (head.includes('(')) head = head.replaceAll(/\([^()]*\)/g, '');
    const names = head.split(', ').map((column) => column.replace(/^.* AS /, '').replaceAll('"', ''));
    expect(names).toEqual(USAGE_COLUMNS.map(([name]) => name));
  });

  test('scans the text once, and joins nothing', () => {
    expect(select().match(/FROM "db"\."logs"/g)).toHaveLength(1);
    expect(bare(select())).not.toMatch(/\bJOIN\b/);
  });

  test.each(USAGE_FIELDS)('looks for %s where the map says', (field) => {
    const sql = select({ map: { [field]: `my.${field}` }, statedCost: 'provider' });
    expect(sql).toContain(`element_at(o0, 'my.${field}')`);
    expect(sql).toMatch(new RegExp(`element_at\\(o[0-9]+, '${field}'\\)`));
  });

  test('gives each column of the lake its type, and no other', () => {
    const sql = select({ statedCost: 'provider' });
    for (const field of USAGE_FIELDS) {
      const type = SQL_TYPE[USAGE_EVENT[field].kind].replace('TIMESTAMP', 'TIMESTAMP(6)');
      expect(sql.includes(`CAST(${field} AS ${type}) AS ${field}`)).toBe(LAKE_FIELDS.includes(field));
    }
  });

  test('gives what the source leaves out as a typed null', () => {
    expect(select()).toContain('CAST(NULL AS DECIMAL(38,12)) AS stated_cost');
    expect(select()).not.toContain("'stated_cost'");
  });

  test('gives reasons in the order of the DuckDB reader', () => {
    const reasonsIn = (sql: string) => {
      const all = [...sql.matchAll(/THEN '([a-z_]+)'/g)].flatMap(([, why]) =>
        why !== undefined && why in REJECT_REASONS ? [why] : [],
      );
      return [...new Set(all)];
    };
    const slow = slowSelect({ sourceId: 's', sql: 'SELECT 1', fields: USAGE_FIELDS, kept: LAKE_FIELDS, tokens: 'inclusive' });
    expect(reasonsIn(select({ statedCost: 'provider' })).toSorted()).toEqual(reasonsIn(slow).toSorted());
    const inner = (sql: string) => reasonsIn(sql.slice(sql.indexOf("THEN 'malformed'")));
    expect(inner(select({ statedCost: 'provider' }))).toEqual(inner(slow));
  });

  test.each([`it's`, 'a"b', `x') OR 1=1 --`, '\\', '"]', `$['a']`, '${x}', 'τ', '-- ', '/*'])(
    'keeps the field name %s a text',
    (name) => {
      const named = select({ map: { model: name, route: `${name}.${name}` }, constants: { provider: name }, id: name });
      const plain = select({ map: { model: 'x', route: 'x.x' }, constants: { provider: 'x' }, id: 'x' });
      // A plain comparison: the texts are too long to be shown.
      expect(bare(named) === bare(plain)).toBe(true);
    },
  );

  test('takes cached tokens out of an inclusive input', () => {
    expect(select({ tokens: 'inclusive' })).toContain('input_tokens - coalesce(cache_read_tokens, 0)');
    expect(select()).not.toContain('input_tokens - coalesce(');
  });

  test('fits many times into what Athena takes for a query', () => {
    const map = Object.fromEntries(USAGE_FIELDS.map((field) => [field, `attributes.gen_ai.usage.${field}`]));
    expect(select({ map, statedCost: 'provider', tokens: 'inclusive' }).length).toBeLessThan(262_144 / 3);
  });

  test('reads only files that were landed', () => {
    const names = new Map([["s3://b/it's.jsonl", 'a "b"']]);
    const sql = trinoUsageSelect({ config: usage(), textTable: 't', fileOf: { kind: 'each', names } });
    expect(sql).toContain(`AND "$path" IN ('s3://b/it''s.jsonl')`);
    expect(sql).toContain(
      String.raw`element_at(CAST(json_parse('{"s3://b/it''s.jsonl":"a \"b\""}') AS MAP(VARCHAR, VARCHAR)), path)`,
    );
    expect(trinoUsageSelect({ config: usage(), textTable: 't', fileOf: { kind: 'each', names: new Map() } })).toContain(
      'AND false',
    );
  });

  test('names the line of a row by its hash', () => {
    expect(trinoLineOf('123')).toContain("CAST('123' AS BIGINT)");
  });
});
