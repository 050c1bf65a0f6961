// Lints every model of sql/: portability, the arrows between layers, and that each has its contract. Needs dist/ (`make build`).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProblem } from '../dist/kernel/failure.js';
import { readCatalog } from '../dist/model/catalog.js';
import { checkArrows } from '../dist/model/layers.js';
import { lintSql, macrosOf } from '../dist/model/lint.js';
import { openDuckDb } from '../dist/warehouse/duckdb.js';

const macros = macrosOf(readFileSync('sql/macros/duckdb.sql', 'utf8'));
const warehouse = await openDuckDb({ threads: 1 });
const models = [];
for (const path of readdirSync('sql', { recursive: true, encoding: 'utf8' }).toSorted()) {
  const [layer, name] = path.split('/');
  if (!path.endsWith('.sql') || layer === 'macros') continue;
  const text = readFileSync(join('sql', path), 'utf8');
  models.push({ file: `sql/${path}`, layer, name: name.replace(/\.sql$/, ''), text, parsed: await warehouse.parse(text) });
}
const contracts = await readCatalog('sql', warehouse).then(
  () => [],
  (failure) => failure.problems ?? Promise.reject(failure),
);
await warehouse[Symbol.asyncDispose]();

const problems = [...models.flatMap((model) => lintSql(model, macros)), ...checkArrows(models, macros), ...contracts];
for (const problem of problems) console.error(describeProblem(problem));
console.log(`sql: ${models.length} models, ${problems.length} problems`);
process.exitCode = models.length > 0 && problems.length === 0 ? 0 : 1;
