// What .ci/trino-grammar.mjs bundles.
export { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js';
