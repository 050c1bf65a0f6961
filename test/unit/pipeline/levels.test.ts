import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { levelsOf, type Unleveled } from '../../../src/pipeline/levels.js';
import type { Method } from '../../../src/pipeline/pipeline.js';

const FOLLOW: Method = { kind: 'follow' };
const FEATURE: Method = { kind: 'feature', featureId: 'x' };

function rule(poolId: string, takes: string | null, feeds: readonly string[], method: Method = FEATURE): Unleveled {
  const match = takes === null ? [] : [{ field: 'pool' as const, patterns: [takes] }];
  return { ruleNo: 1, poolId, match, method, feeds, onNoMatch: 'warn', place: { file: 'rules.yaml' } };
}

function levels(rules: readonly Unleveled[]): readonly number[] | string {
  const found = levelsOf(rules);
  return found.kind === 'levels' ? found.levels : found.path.join(' -> ');
}

describe('levels', () => {
  test('follow the money, whatever the order of the rules', () => {
    const cluster = rule('cluster', null, ['embedder']);
    const embedder = rule('embedder-users', 'embedder', ['ranker']);
    const ranker = rule('ranker-users', 'ranker', []);
    expect(levels([cluster, embedder, ranker])).toEqual([1, 2, 3]);
    expect(levels([ranker, embedder, cluster])).toEqual([3, 2, 1]);
  });

  test('of a rule that takes pools by a pattern come after all that match', () => {
    expect(levels([rule('a', null, ['shared-a']), rule('b', 'shared-a', ['shared-b']), rule('c', 'shared-*', [])])).toEqual([
      1, 2, 3,
    ]);
  });

  test('of proportional rules come after all others and are one level: they do not see each other', () => {
    const found = levels([
      rule('tax', null, [], FOLLOW),
      rule('a', null, ['p']),
      rule('support', null, [], { kind: 'proportional', within: [['month']], providers: [] }),
      rule('b', 'p', []),
    ]);
    expect(found).toEqual([3, 1, 3, 2]);
  });

  test('are all 1 where nothing depends on anything', () => {
    expect(levels([rule('a', null, []), rule('b', null, [])])).toEqual([1, 1]);
    expect(levels([rule('tax', null, [], FOLLOW)])).toEqual([1]);
    expect(levels([])).toEqual([]);
  });

  test('cannot be given to a cycle, which is named the way the money goes round', () => {
    expect(levels([rule('a', 'x', ['x'])])).toBe('a -> a');
    expect(levels([rule('in', null, ['x']), rule('a', 'x', ['y']), rule('b', 'y', ['z']), rule('c', 'z', ['x'])])).toBe(
      'a -> b -> c -> a',
    );
    expect(levels([rule('support', null, ['x'], FOLLOW), rule('b', 'x', [])])).toMatch(
      /^(support -> b -> support|b -> support -> b)$/,
    );
  });

  test('are above those of every rule that a rule depends on, for any rules without a cycle', () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 });
    fc.assert(
      fc.property(edges, fc.array(fc.nat(7), { maxLength: 3 }), (pairs, proportional) => {
        const forward = pairs
          .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
          .filter(([a, b]) => a !== b && !proportional.includes(a));
        const rules = Array.from({ length: 8 }, (_, index) =>
          rule(
            `r${index}`,
            `p${index}`,
            forward.filter(([from]) => from === index).map(([, to]) => `p${to}`),
            proportional.includes(index) ? FOLLOW : FEATURE,
          ),
        );
        const found = levels(rules);
        if (typeof found === 'string') throw new Error(found);
        for (const [from, to] of forward) expect(found[to]).toBeGreaterThan(found[from] ?? 0);
        const last = Math.max(0, ...found.filter((_, index) => !proportional.includes(index)));
        for (const index of proportional) expect(found[index]).toBeGreaterThan(last);
      }),
    );
  });
});
