// The Node that the tests run under, and those that package.json promises.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodesOf } from '../.ci/nodes.mjs';

const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly engines: { readonly node: string } };
const expected = process.env['EXPECTED_NODE'];

/** Alternatives of the promise without a version that stands for them: their oldest, or any of the newest line. */
function untested(promise: string, versions: readonly string[]): readonly string[] {
  return promise.split('||').filter((part) => {
    const [, sign, floor] = /^\s*(\^|>=)([\d.]+)\s*$/.exec(part) ?? [];
    if (sign === '^') return !versions.includes(floor ?? '');
    return sign !== '>=' || !versions.some((version) => version.startsWith(`${floor}.`));
  });
}

describe('node', () => {
  it('is the version that was asked for, of a line that package.json promises', () => {
    const [major] = process.versions.node.split('.');
    expect(engines.node).toMatch(new RegExp(Number(major) > 24 ? '>=24' : `(\\^|>=)${major}\\b`));
    expect([process.versions.node, 'any']).toContain(expected ?? 'any');
  });

  it('has a run of tests for the oldest of every line that package.json promises', () => {
    const versions = nodesOf('.ci/node').map(({ version }) => version);
    expect(untested(engines.node, versions)).toEqual([]);
    expect(untested('^18.0.0 || >=24', versions)).toEqual(['^18.0.0 ']);
    expect(untested('^20.19.0 || >=26', versions)).toEqual([' >=26']);
  });

  it('runs the checks and the demo company under one of them', () => {
    const [checked, ...more] = nodesOf('.ci/node').filter(({ checks }) => checks);
    expect([checked?.name, more]).toEqual(['node24', []]);
    expect(checked?.tests).toEqual(expect.arrayContaining(['test/demo', 'test/docs.test.ts']));
  });
});
