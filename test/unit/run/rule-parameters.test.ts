import { describe, expect, test } from 'vitest';
import { ruleTables } from '../../../src/run/rule-parameters.js';
import { edit, read } from '../pipeline/company.js';

describe('rules as rows', () => {
  test('a share is in force through the day before the first that is not included', async () => {
    const shares =
      '    method: shares\n    shares: [{ feature: chat, share: 1, to: 2026-08-15 }, { feature: search, share: 1, from: 2026-08-15 }]';
    const pipeline = await read(edit('rules.yaml', '    method: by\n    driver: rated_cost', shares));
    expect(ruleTables(pipeline, '2026-09')['run.rule_share']).toEqual([
      { rule_no: '3', feature_id: 'chat', share: '1', valid_from: '2026-07-01', valid_through: '2026-08-14' },
      { rule_no: '3', feature_id: 'search', share: '1', valid_from: '2026-08-15', valid_through: null },
    ]);
  });

  test('a capacity is in force until the next one', async () => {
    const months = async (capacity: string) => {
      const pipeline = await read(
        edit('rules.yaml', 'driver: gpu_hours', `driver: gpu_hours\n    idle: { capacity: ${capacity} }`),
      );
      return ruleTables(pipeline, '2026-10')['run.rule_capacity']?.map((row) => `${row['month']} ${row['capacity']}`);
    };
    expect(await months('{ 2026-07: 8, 2026-09: 10 }')).toEqual([
      '2026-07-01 8',
      '2026-08-01 8',
      '2026-09-01 10',
      '2026-10-01 10',
    ]);
    expect(await months('"1000"')).toHaveLength(4);
    expect(await months('{ 2026-12: 8 }')).toEqual([]);
  });
});
