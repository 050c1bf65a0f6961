// Lints every model of sql/: portability, the arrows between layers, that each has its contract, and that Trino's grammar reads what Athena
// would be sent of it and of its checks. Needs dist/ (`make build`).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProblem } from '../dist/kernel/failure.js';
import { readCatalog } from '../dist/model/catalog.js';
import { checkArrows } from '../dist/model/layers.js';
import { lintSql, macrosOf } from '../dist/model/lint.js';
import { macroDifferences, readTrinoMacros } from '../dist/model/trino-macros.js';
import { castedSelect, renderTrino } from '../dist/model/trino-render.js';
import { openDuckDb } from '../dist/warehouse/duckdb.js';
import { trinoGrammar } from './trino-grammar.mjs';

const duckDbMacros = readFileSync('sql/macros/duckdb.sql', 'utf8');
const macros = macrosOf(duckDbMacros);
const warehouse = await openDuckDb({ threads: 1 });
const models = [];
for (const path of readdirSync('sql', { recursive: true, encoding: 'utf8' }).toSorted()) {
  const [layer, name] = path.split('/');
  if (!path.endsWith('.sql') || layer === 'macros') continue;
  const text = readFileSync(join('sql', path), 'utf8');
  models.push({ file: `sql/${path}`, layer, name: name.replace(/\.sql$/, ''), text, parsed: await warehouse.parse(text) });
}
const catalog = await problemsOf(() => readCatalog('sql', warehouse));
const trino = await problemsOf(async () => readTrinoMacros(readFileSync('sql/macros/trino.sql', 'utf8')));
const renderings =
  catalog.value && trino.value ? await renderAll(catalog.value.models, trino.value) : { problems: [], sizes: [] };
await warehouse[Symbol.asyncDispose]();

const problems = [...models.flatMap((model) => lintSql(model, macros)), ...checkArrows(models, macros)];
problems.push(...catalog.problems, ...trino.problems, ...renderings.problems);
if (trino.value) problems.push(...macroDifferences(duckDbMacros, trino.value));
for (const problem of problems) console.error(describeProblem(problem));
const [longest] = renderings.sizes.toSorted((a, b) => b.bytes - a.bytes);
const rendered =
  longest === undefined
    ? ''
    : `; ${renderings.sizes.length} selects read as Trino, the longest ${longest.bytes} bytes (${longest.name})`;
console.log(`sql: ${models.length} models, ${problems.length} problems${rendered}`);
process.exitCode = models.length > 0 && problems.length === 0 ? 0 : 1;

/** What `action` gives, or the problems that it fails with. */
async function problemsOf(action) {
  try {
    return { value: await action(), problems: [] };
  } catch (failure) {
    if (failure.problems === undefined) throw failure;
    return { value: null, problems: failure.problems };
  }
}

/** Every select and every check as Athena would be sent it. */
async function renderAll(all, trinoMacros) {
  const mistakes = await trinoGrammar();
  const found = { problems: [], sizes: [] };
  const read = async (name, file, sql, wrap) => {
    const { tree } = await warehouse.parse(sql);
    const tableName = (layer, table) => `"showback"."r0123456789abcdef_${layer}_${table}"`;
    const { value, problems } = await problemsOf(async () =>
      wrap(renderTrino({ file, sql, tree, macros: trinoMacros, tableName })),
    );
    found.problems.push(...problems);
    if (value === null) return;
    found.sizes.push({ name, bytes: Buffer.byteLength(value) });
    for (const { line, message } of mistakes(value)) {
      const excerpt = value.split('\n')[line - 1]?.slice(0, 300);
      found.problems.push({
        code: 'sql/trino',
        message: `${name}, rendered for Trino: ${message}`,
        remedy: 'mend it, or its macros',
        place: { file },
        excerpt,
      });
    }
  };
  for (const model of all) {
    if (model.sql !== null) await read(model.name, model.file, model.sql, (sql) => castedSelect(model, sql));
    for (const { name, select } of model.contract.checks) await read(`${model.name}: ${name}`, model.file, select, (sql) => sql);
  }
  return found;
}
