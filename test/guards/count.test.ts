// The script whose words the build goes by: what it counts, and what it refuses.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countTests } from '../../.ci/count.mjs';

const test = (status: string, fullName = 'a test') => ({ status, fullName });
const report = (...assertionResults: { status: string; fullName: string }[]) => ({
  testResults: [{ name: 'a.test.ts', status: 'passed', message: '', assertionResults }],
});

describe('counts', () => {
  it('passed tests', () => {
    expect(countTests(report(test('passed'), test('passed')))).toEqual({ line: '2 passed, 0 failed', problems: [], ok: true });
  });

  it('failed tests, and fails', () => {
    expect(countTests(report(test('passed'), test('failed')))).toEqual({ line: '1 passed, 1 failed', problems: [], ok: false });
  });

  it.each(['skipped', 'pending', 'todo', 'disabled'])('%s tests with a reason', (status) => {
    const counted = countTests(report(test('passed'), test(status, 'runs on Linux # reason: no such file system elsewhere')));
    expect(counted).toEqual({ line: '1 passed, 0 failed, 1 skipped', problems: [], ok: true });
  });

  it('a file that did not load as failed', () => {
    const broken = { name: 'b.test.ts', status: 'failed', message: 'cannot find module', assertionResults: [] };
    const counted = countTests({ testResults: [...report(test('passed')).testResults, broken] });
    expect(counted).toEqual({ line: '1 passed, 1 failed', problems: ['b.test.ts: cannot find module'], ok: false });
  });

  it('a file whose hook failed after its tests passed as failed', () => {
    const broken = { name: 'b.test.ts', status: 'failed', message: 'afterAll', assertionResults: [test('passed')] };
    expect(countTests({ testResults: [broken] })).toMatchObject({ line: '1 passed, 1 failed', ok: false });
  });
});

describe('refuses', () => {
  it.each(['a test', 'a test # reason:', 'a test # reason: ', 'unreasonable'])(
    'a skipped test without a reason: %s',
    (fullName) => {
      const counted = countTests(report(test('passed'), test('skipped', fullName)));
      expect(counted).toMatchObject({ line: '1 passed, 0 failed, 1 skipped', ok: false });
      expect(counted.problems).toEqual([`skipped without a reason: ${fullName}`]);
    },
  );

  it('no tests at all', () => {
    expect(countTests({ testResults: [] })).toEqual({ line: '0 passed, 0 failed', problems: ['no test ran'], ok: false });
    expect(countTests({})).toMatchObject({ ok: false });
    expect(countTests(report(test('skipped', 'reason: all of them')))).toMatchObject({ ok: false });
  });
});

describe('as a command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'showback-count-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function count(text: string | null) {
    const path = join(folder, 'report.json');
    if (text !== null) writeFileSync(path, text);
    const { status, stdout } = spawnSync(process.execPath, ['.ci/count.mjs', path], { encoding: 'utf8' });
    return { status, stdout };
  }

  it('prints the count alone and says by its exit code whether all is well', () => {
    expect(count(JSON.stringify(report(test('passed'))))).toEqual({ status: 0, stdout: '1 passed, 0 failed\n' });
    expect(count(JSON.stringify(report(test('failed'))))).toEqual({ status: 1, stdout: '0 passed, 1 failed\n' });
  });

  it('takes no report, or half of one, for no tests', () => {
    expect(count(null)).toEqual({ status: 1, stdout: '0 passed, 0 failed\n' });
    expect(count('{"testResults": [')).toEqual({ status: 1, stdout: '0 passed, 0 failed\n' });
  });
});
