// The linter's rules that the house relies on: each has a planted breach and is seen to catch it, with types where it needs them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = mkdtempSync(join(tmpdir(), 'showback-lint-'));
const long = (lines: number) => `export function f(): void {\n${'  g();\n'.repeat(lines)}}\nfunction g(): void {}\n`;

const PLANTS: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['no-floating-promises', 'src/run/a.ts', 'async function f(): Promise<void> {}\nexport function g(): void {\n  f();\n}\n'],
  ['no-misused-promises', 'src/run/b.ts', 'export function g(): void {\n  [1].forEach(async () => Promise.resolve());\n}\n'],
  ['no-explicit-any', 'src/run/c.ts', 'export const a: any = 1;\n'],
  ['no-unsafe-member-access', 'src/run/d.ts', "export const a: string = JSON.parse('1').b;\n"],
  ['no-default-export', 'src/run/e.ts', 'export default 1;\n'],
  ['no-console', 'src/run/f.ts', "console.log('x');\n"],
  ['no-restricted-globals', 'src/run/g.ts', "export const home = process.env['HOME'];\n"],
  ['no-restricted-properties', 'src/run/h.ts', 'export const a = Math.random();\n'],
  ['max-lines', 'src/run/i.ts', 'export const a = 1;\n'.replace('a', 'b') + '\n'.repeat(300)],
  ['max-lines-per-function', 'src/run/j.ts', long(40)],
  ['no-non-null-assertion', 'src/run/k.ts', 'export const f = (a: string | null): string => a!;\n'],
  ['ban-ts-comment', 'src/run/l.ts', '// @ts-ignore\nexport const a = 1;\n'],
  ['only-throw-error', 'src/run/m.ts', "export function f(): never {\n  throw 'x';\n}\n"],
  [
    'switch-exhaustiveness-check',
    'src/run/n.ts',
    "export function f(a: 'x' | 'y'): void {\n  switch (a) {\n    case 'x':\n      return;\n  }\n}\n",
  ],
  ['consistent-type-imports', 'src/run/o.ts', "export type A = import('./c.js').B;\n"],
  ['no-focused-tests', 'test/p.test.ts', "import { it } from 'vitest';\nit.only('x', () => {});\n"],
  ['no-floating-promises', 'test/q.test.ts', 'async function f(): Promise<void> {}\nf();\n'],
];

const CLEAN: Readonly<Record<string, string>> = {
  'src/cli/main.ts': 'console.log(process.argv.length);\n',
  'src/run/fine.ts': long(37),
  'test/fine.test.ts': long(100),
};

let found: ReadonlySet<string>;

beforeAll(() => {
  for (const [, file, text] of PLANTS) write(file, text);
  for (const [file, text] of Object.entries(CLEAN)) write(file, text);
  const compilerOptions = {
    strict: true,
    target: 'ES2023',
    module: 'NodeNext',
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
    noEmit: true,
  };
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['.'] }));
  found = lint();
});
afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(ROOT, file)), { recursive: true });
  writeFileSync(join(ROOT, file), text);
}

/** `file rule` of every finding. The project's own configuration, in a copy: its globs count from where it lies. */
function lint(): ReadonlySet<string> {
  write('.oxlintrc.json', readFileSync('.oxlintrc.json', 'utf8').replace('".cache", ', ''));
  const env = { ...process.env, OXLINT_TSGOLINT_PATH: resolve('node_modules/.bin/tsgolint') };
  const oxlint = [resolve('node_modules/oxlint/bin/oxlint'), '--type-aware', '--no-ignore', '-f', 'unix'];
  const { stdout } = spawnSync(process.execPath, oxlint, { cwd: ROOT, env, encoding: 'utf8' });
  const lines = [...stdout.matchAll(/^(\S+?):\d+:\d+: .*\[\w+\/[\w-]+\(([\w-]+)\)\]$/gm)];
  return new Set(lines.map(([, file, rule]) => `${file} ${rule}`));
}

it.each(PLANTS)('%s in %s', (rule, file) => {
  expect([...found].filter((line) => line.startsWith(file))).toContain(`${file} ${rule}`);
});

it.each(Object.keys(CLEAN))('lets %s pass', (file) => {
  expect([...found].filter((line) => line.startsWith(file))).toEqual([]);
});
