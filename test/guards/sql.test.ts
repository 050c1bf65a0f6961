// The models themselves: portable, and each reading only what its layer may read.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeProblem } from '../../src/kernel/failure.js';
import { checkArrows, type LayeredModel } from '../../src/model/layers.js';
import { lintSql, macrosOf } from '../../src/model/lint.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

it('finds nothing in sql/', async () => {
  await using warehouse = await openDuckDb({ threads: 1 });
  const macros = macrosOf(readFileSync('sql/macros/duckdb.sql', 'utf8'));
  const models: LayeredModel[] = [];
  for (const path of readdirSync('sql', { recursive: true, encoding: 'utf8' }).toSorted()) {
    const [layer = '', name = ''] = path.split('/');
    if (!path.endsWith('.sql') || layer === 'macros') continue;
    const text = readFileSync(`sql/${path}`, 'utf8');
    models.push({ file: `sql/${path}`, layer, name: name.replace('.sql', ''), text, parsed: await warehouse.parse(text) });
  }
  const problems = [...models.flatMap((model) => lintSql(model, macros)), ...checkArrows(models, macros)];
  expect(models.length).toBeGreaterThan(10);
  expect(problems.map((problem) => describeProblem(problem))).toEqual([]);
});
