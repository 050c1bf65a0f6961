// The runner's real report, from real files with planted failures, through the real counting script.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** Runs the files below a folder of the project (so that vitest resolves) and counts them. */
function runAndCount(files: Readonly<Record<string, string>>, named?: string, outside: NodeJS.ProcessEnv = process.env) {
  mkdirSync('.cache', { recursive: true });
  const folder = mkdtempSync('.cache/runner-');
  try {
    mkdirSync(join(folder, 'test'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'test', name), text);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', resolve('vitest.config.ts'), '--root', folder];
    const { TEST_REPORT: _outer, ...env } = outside;
    spawnSync(process.execPath, vitest, { encoding: 'utf8', env: named === undefined ? env : { ...env, TEST_REPORT: named } });
    const report = join(folder, named ?? '.cache/test-report.json');
    const { status, stdout } = spawnSync(process.execPath, ['.ci/count.mjs', report], { encoding: 'utf8' });
    return { status, line: stdout.trim() };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const IMPORT = "import { afterAll, expect, it, describe } from 'vitest';\n";

it('counts what passed and what was skipped with a reason', () => {
  const text = `${IMPORT}it('a', () => expect(1).toBe(1)); it.skip('b # reason: not on this system', () => {});`;
  expect(runAndCount({ 'a.test.ts': text })).toEqual({ status: 0, line: '1 passed, 0 failed, 1 skipped' });
});

it('writes the report where it is told to, beside that of another run of tests', () => {
  const text = `${IMPORT}it('a', () => {});`;
  expect(runAndCount({ 'a.test.ts': text }, '.cache/crash-report.json')).toEqual({ status: 0, line: '1 passed, 0 failed' });
});

it('fails on failures, on files that do not load, and on failing hooks', () => {
  expect(
    runAndCount({
      'a.test.ts': `${IMPORT}it('a', () => expect(1).toBe(2)); it('b', () => {});`,
      'b.test.ts': "import './gone.js';",
      'c.test.ts': `${IMPORT}it('c', () => {}); afterAll(() => { throw new Error('late'); });`,
    }),
  ).toEqual({ status: 1, line: '2 passed, 3 failed' });
});

it('fails on a skip without a reason, on a todo, on it.only, and on no tests', () => {
  expect(runAndCount({ 'a.test.ts': `${IMPORT}it('a', () => {}); describe.skip('b', () => { it('c', () => {}); });` })).toEqual({
    status: 1,
    line: '1 passed, 0 failed, 1 skipped',
  });
  expect(runAndCount({ 'a.test.ts': `${IMPORT}it('a', () => {}); it.todo('b');` }).status).toBe(1);
  expect(runAndCount({ 'a.test.ts': `${IMPORT}it.only('a', () => {}); it('b', () => {});` }).status).toBe(1);
  expect(runAndCount({})).toEqual({ status: 1, line: '0 passed, 0 failed' });
});

it('has one folder for what tests put aside, also of tests that leave it behind, and takes it along', () => {
  const told = join(resolve('.cache'), `told-${process.pid}`);
  const { TMPDIR: _inner, ...outside } = process.env;
  const text = `${IMPORT}import { mkdtempSync, writeFileSync } from 'node:fs'; import { tmpdir } from 'node:os';
    it('a', () => writeFileSync(${JSON.stringify(told)}, mkdtempSync(tmpdir() + '/left-')));`;
  expect(runAndCount({ 'a.test.ts': text }, undefined, outside)).toEqual({ status: 0, line: '1 passed, 0 failed' });
  const left = readFileSync(told, 'utf8');
  rmSync(told);
  expect(left).toMatch(/showback-tests-\d+-\w+[\\/]left-/);
  expect(existsSync(join(left, '..'))).toBe(false);
});
