// The grammar of Trino as npm has it. Its package imports folders, which Node refuses: a bundle of the one parser has no imports.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Gives a function that says where a query breaks the grammar: `line`, `column`, `message`. None is a pass. */
export async function trinoGrammar() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('trino-parser.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
  });
  const bundle = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`;
  const { TrinoSQL } = await import(/* @vite-ignore */ bundle);
  const parser = new TrinoSQL();
  return (sql) =>
    parser.validate(sql).map(({ startLine, startColumn, message }) => ({ line: startLine, column: startColumn, message }));
}
