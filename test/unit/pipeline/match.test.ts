import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../../src/kernel/nearest.js';
import { matchesPattern } from '../../../src/pipeline/match.js';
import { codesOf, edit, read } from './company.js';

describe('a pattern', () => {
  test('is a text in which * stands for any text, and nothing else stands for anything', () => {
    expect(matchesPattern('gpu-*', 'gpu-2026')).toBe(true);
    expect(matchesPattern('*', '')).toBe(true);
    expect(matchesPattern('a*c', 'abbc')).toBe(true);
    expect(matchesPattern('a*c', 'abcd')).toBe(false);
    expect(matchesPattern('a.c', 'abc')).toBe(false);
    expect(matchesPattern('(a|b)?', '(a|b)?')).toBe(true);
    expect(matchesPattern('gpu', 'GPU')).toBe(false);
  });
});

describe('a match', () => {
  test('becomes conditions, always in one order', async () => {
    const { rules } = await read(
      edit('rules.yaml', '{ provider: openai }', '{ service: [Chat*, Images], "tag:cost center": "*", provider: openai }'),
    );
    expect(rules[2]?.match).toEqual([
      { field: 'provider', patterns: ['openai'] },
      { field: 'service', patterns: ['Chat*', 'Images'] },
      { field: 'tag:cost center', patterns: ['*'] },
    ]);
  });

  test('of the same fields and patterns in another order is the same match', async () => {
    const twice = edit(
      'rules.yaml',
      '  - pool: models',
      '  - pool: first\n    match: { provider: openai, item: [a, b] }\n    method: direct\n  - pool: second\n    match: { item: [b, a], provider: [openai] }\n    method: direct\n  - pool: models',
    );
    expect(await codesOf(twice)).toEqual(['config/unreachable-rule']);
  });

  test('names a tag by its key', async () => {
    expect(await codesOf(edit('rules.yaml', '{ provider: openai }', '{ "tag:": x }'))).toEqual(['config/unknown-key']);
  });
});

describe('pools', () => {
  test('that a method names itself are fed without being declared', async () => {
    const { rules } = await read({
      ...edit(
        'rules.yaml',
        '    method: by\n    driver: gpu_hours\n    feeds: [embedder]',
        '    method: feature\n    feature: embedder',
      ),
    });
    expect(rules.map(({ poolId, feeds, level }) => [poolId, feeds, level])).toEqual([
      ['cluster', ['embedder'], 1],
      ['embedding', [], 2],
      ['models', [], 1],
      ['(follow)', [], 3],
    ]);
  });

  test('that an account maps to are fed by the rules that go by account', async () => {
    const { rules } = await read({
      ...edit('features.yaml', '"123456789012": search', '"123456789012": embedder'),
      ...edit('rules.yaml', '    method: by\n    driver: rated_cost', '    method: direct'),
    });
    expect(rules[2]?.feeds).toEqual(['embedder']);
  });

  test('share evenly among features only where all are meant', async () => {
    const { rules } = await read(
      edit('rules.yaml', '    method: by\n    driver: rated_cost', '    method: even\n    features: all'),
    );
    expect(rules[2]?.method).toEqual({ kind: 'even', features: ['search', 'chat'] });
  });
});

describe('the nearest word', () => {
  test('is the one with the fewest edits, and none where all are far', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('abcd', 'abdc')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(nearest('curency', ['currency', 'columns'])).toBe('currency');
    expect(nearest('Currency', ['currency'])).toBe('currency');
    expect(nearest('x', ['currency'])).toBeNull();
  });
});
