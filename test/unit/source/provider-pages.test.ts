// Pages with many results: every figure is a line of its own, in the order of the file, with the digits that were written.
import { expect, test } from 'vitest';
import type { OpenAiUsageSource } from '../../../src/pipeline/pipeline.js';
import { BILLED_USAGE, Company } from '../../contract/company.js';

const DAYS = 2;
const RESULTS = 400;
const FIGURES = 15;
const LINES = DAYS * RESULTS * FIGURES;
const JULY = 1_782_864_000;

/** Digits that no two figures share, and that a double would still hold: more of them are refused. */
function quantityAt(day: number, result: number, figure: number): string {
  return `9${String(day).padStart(2, '0')}${String(result).padStart(6, '0')}${String(figure).padStart(6, '0')}`;
}

function pageOf(): string {
  const each = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
  const buckets = each(DAYS, (day) => {
    const results = each(RESULTS, (result) => {
      const figures = each(FIGURES, (figure) => `"part_${figure}_tokens":${quantityAt(day, result, figure)}`);
      return `{"object":"organization.usage.completions.result",${figures.join(',')},"model":"gpt-${result}","batch":null}`;
    });
    const start = JULY + day * 86_400;
    return `{"start_time":${start},"end_time":${start + 86_400},"results":[${results.join(',')}]}`;
  });
  return `{"object":"page","data":[${buckets.join(',')}],"has_more":false,"next_page":null}`;
}

test('a page of many results is read whole, in order, to the last digit', async () => {
  await using company = await Company.make({ 'in/page.json': pageOf() });
  const config: OpenAiUsageSource = { ...BILLED_USAGE, kind: 'openai-usage', files: ['in/*'], pull: null };
  const { files, controls } = await company.land(config);
  expect(controls.map(({ control, expected }) => [control, expected])).toEqual([['row_count', String(LINES)]]);
  const rows = await company.askFiles(
    files,
    [config],
    'SELECT row, bucket_start, result, model, figure, quantity, reject FROM raw.openai_usage ORDER BY row',
  );
  const expected = Array.from({ length: LINES }, (_, at) => {
    const [day, result, figure] = [Math.floor(at / FIGURES / RESULTS), Math.floor(at / FIGURES) % RESULTS, at % FIGURES];
    return {
      row: String(at + 1),
      bucket_start: String(JULY + day * 86_400),
      result: String(Math.floor(at / FIGURES) + 1),
      model: `gpt-${result}`,
      figure: `part_${figure}_tokens`,
      quantity: quantityAt(day, result, figure),
      reject: null,
    };
  });
  expect(rows).toEqual(expected);
});
