// Which Nodes are refused, and in which words.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tooOld } from '../../../src/cli/node-version.js';

const PROMISE = '^20.19.0 || ^22.13.0 || >=24';

it.each(['0.10.48', '18.20.8', '20.9.0', '20.18.3'])('Node %s is told to be too old, and what to install', (version) => {
  expect(tooOld(PROMISE, version)).toBe(
    `showback: this is Node ${version}, which is too old\n  → install Node 20.19.0, 22.13.0, 24 or a later one of these lines\n`,
  );
});

it.each(['20.19.0', '20.20.2', '22.5.0', '22.13.0', '23.0.0', '24.21.0', '100.0.0'])('Node %s is not', (version) => {
  expect(tooOld(PROMISE, version)).toBeNull();
});

it('is told of the versions that package.json names', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly engines: { readonly node: string } };
  expect(tooOld(engines.node, '18.0.0')).toContain('20.19.0');
  expect(tooOld(engines.node, process.versions.node)).toBeNull();
});
