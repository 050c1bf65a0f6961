// `.ci/run` itself, with a `make` that does what the case says: exit codes and the last line.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'showback-ci-'));
  cpSync('.ci', join(folder, '.ci'), { recursive: true });
  mkdirSync(join(folder, '.cache'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly check: number;
  readonly test: number;
  /** Status of the one test that the run reports; null: no report. */
  readonly status: 'passed' | 'failed' | null;
}

/** A report of one test. */
function one(status: string | null): string {
  return JSON.stringify({ testResults: [{ name: 'a', status, assertionResults: [{ fullName: 'a', status }] }] });
}

function run({ check, test, status }: Case) {
  const report = one(status);
  const write = status === null ? 'true' : `echo '${report}' > .cache/test-report.json`;
  mkdirSync(join(folder, 'bin'));
  const crash = `if [ "$1" = test-crash ]; then echo '${one('passed')}' > .cache/crash-report.json; exit 0; fi`;
  const long = `if [ "$1" = test-long ]; then echo '${one('passed')}' > .cache/long-report.json; exit 0; fi`;
  const engines = `if [ "$1" = test-engines ]; then echo '${one('passed')}' > .cache/engines-report.json; exit 0; fi`;
  const make = `#!/bin/sh\necho "make $1"\nif [ "$1" = check ]; then exit ${check}; fi\n${crash}\n${long}\n${engines}\n${write}\nexit ${test}\n`;
  writeFileSync(join(folder, 'bin/make'), make);
  chmodSync(join(folder, 'bin/make'), 0o755);
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
  const { status: code, stdout } = spawnSync(join(folder, '.ci/run'), { cwd: tmpdir(), env, encoding: 'utf8' });
  return { code, lines: stdout.trimEnd().split('\n') };
}

it('checks, tests, and ends with the count', () => {
  expect(run({ check: 0, test: 0, status: 'passed' })).toEqual({
    code: 0,
    lines: ['make check', 'make test', 'make test-long', 'make test-crash', 'make test-engines', '4 passed, 0 failed'],
  });
});

it.each([
  ['a failed check, tests run all the same', { check: 2, test: 0, status: 'passed' }, '4 passed, 0 failed'],
  ['a failed test', { check: 0, test: 2, status: 'failed' }, '3 passed, 1 failed'],
  ['a failed test that make hides', { check: 0, test: 0, status: 'failed' }, '3 passed, 1 failed'],
  ['a run of tests that broke off', { check: 0, test: 2, status: null }, '3 passed, 0 failed'],
  ['no report', { check: 0, test: 0, status: null }, '3 passed, 0 failed'],
] as const)('fails on %s', (_what, given, last) => {
  const { code, lines } = run(given);
  expect(code).toBe(1);
  expect(lines.at(-1)).toBe(last);
  expect(lines).toContain('make test');
});

it('does not take the report of an earlier run for its own', () => {
  writeFileSync(
    join(folder, '.cache/test-report.json'),
    JSON.stringify({ testResults: [{ name: 'a', status: 'passed', assertionResults: [{ fullName: 'a', status: 'passed' }] }] }),
  );
  expect(run({ check: 0, test: 0, status: null })).toMatchObject({ code: 1 });
});
