// The tools that `make check` runs with the project's own configuration: planted breaches fail, clean code passes.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'showback-tools-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function run(script: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(script), ...words], { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** The arguments that the Makefile gives a tool. */
function wordsOf(tool: string): readonly string[] {
  const [, words] = new RegExp(`^\\t\\$\\(BIN\\)/${tool} (.*)$`, 'm').exec(readFileSync('Makefile', 'utf8')) ?? [];
  return (words ?? `no ${tool} in the Makefile`).split(' ');
}

it('the formatter refuses another format, in TypeScript and in JSON', () => {
  copyFileSync('biome.json', join(folder, 'biome.json'));
  const format = () => run('node_modules/@biomejs/biome/bin/biome', 'format', '.').status;
  write('src/a.ts', "export const a = ['x'];\n");
  write('a.json', '{ "a": 1 }\n');
  expect(format()).toBe(0);
  write('src/a.ts', 'export const a = ["x"]\n');
  expect(format()).toBe(1);
  write('src/a.ts', "export const a = ['x'];\n");
  write('a.json', '{"a":1}\n');
  expect(format()).toBe(1);
});

it('the duplication check refuses a copied function, and a run that saw no file', () => {
  copyFileSync('.jscpd.json', join(folder, '.jscpd.json'));
  const text = readFileSync('src/model/sql-text.ts', 'utf8');
  write('src/a.ts', text);
  const check = () => run('node_modules/jscpd/run-jscpd.js', ...wordsOf('jscpd'));
  expect(check().status).toBe(0);
  write('src/b.ts', text.replace('export interface Token', 'export interface Word'));
  expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('too many duplicates') as string });
  rmSync(join(folder, 'src'), { recursive: true });
  mkdirSync(join(folder, 'src'));
  expect(check().status).toBe(1);
});

it('the dead code check refuses a file and an export that nobody uses', () => {
  copyFileSync('knip.json', join(folder, 'knip.json'));
  write('package.json', '{ "name": "x", "type": "module" }');
  write('src/cli/main.ts', "import { a } from '../a.js';\nvoid a;\n");
  write('src/a.ts', 'export const a = 1;\n');
  const check = () => run('node_modules/knip/bin/knip.js', ...wordsOf('knip'));
  expect(check()).toEqual({ status: 0, output: '' });
  write('src/a.ts', 'export const a = 1;\nexport const unused = 2;\n');
  expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('unused') as string });
  write('src/a.ts', 'export const a = 1;\n');
  write('src/lost.ts', 'export const lost = 1;\n');
  expect(check()).toMatchObject({ status: 1, output: expect.stringContaining('src/lost.ts') as string });
});
