// From what zod says of a value to what a person is told: the key, what is wrong with it, and what to do.
import type { z } from 'zod';
import type { Problem } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import { problem, quoted, type Spot } from './text.js';
import { Numeric, type Path, type YamlFile } from './yaml-places.js';

type Issue = z.core.$ZodIssue;

/** `knownKeys` are those of the object that an unknown key was found in. */
export function problemsOf(issue: Issue, file: YamlFile, base: Path, knownKeys: readonly string[]): readonly Problem[] {
  const path = file.resolve([...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]);
  const value = valueAt(file.value, path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(file.atKey([...path, key]), key, knownKeys));
  if (issue.code === 'invalid_key') {
    const [what = 'is not a key', remedy = 'correct it'] = (issue.issues[0]?.message ?? '').split(' → ');
    return [problem('bad-key', file.atKey(path), `key ${quoted(String(path.at(-1)))} ${what}`, remedy)];
  }
  if (!file.has(path)) return [missing(file.at(path), path)];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return problemsOfUnion(issue.errors, file, path, knownKeys);
  if (value === null)
    return [problem('empty', file.atKey(path), `${named(path)} has no value`, 'give it one, or leave the key out')];
  if (issue.code === 'invalid_type') return [wrongType(issue.expected, value, file.at(path), path)];
  const options = optionsOf([issue]);
  if (options.length > 0 && !issue.message.includes('→')) return [wrongWord(value, options, file.at(path), path)];
  const [what = '', remedy = 'correct it'] = issue.message.split(' → ');
  return [problem('bad-value', file.at(path), `${named(path)} ${describe(value)} ${what}`.replace(/\s+/g, ' '), remedy)];
}

function unknownKey(spot: Spot, key: string, known: readonly string[]): Problem {
  return problem('unknown-key', spot, `unknown key ${quoted(key)}`, suggest(key, known));
}

function missing(spot: Spot, path: Path): Problem {
  return problem('missing-key', spot, `${named(path)} is missing`, `add \`${String(path.at(-1))}:\` here`);
}

function wrongWord(value: unknown, options: readonly string[], spot: Spot, path: Path): Problem {
  const word = value instanceof Numeric ? value.text : String(value);
  return problem('unknown-value', spot, `${named(path)} cannot be ${quoted(word)}`, suggest(word, options));
}

function wrongType(expected: string, value: unknown, spot: Spot, path: Path): Problem {
  if (expected === 'string' && value instanceof Numeric) {
    const message = `${named(path)} ${quoted(value.text)} is read as a number, so leading zeros and long digits get lost`;
    return problem('unquoted-number', spot, message, `quote it: "${value.text}"`);
  }
  const wanted = {
    string: 'a text',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
    boolean: '`true` or `false`',
    int: 'a whole number',
    number: 'a number',
  };
  const name = wanted[expected as keyof typeof wanted] ?? expected;
  return problem('wrong-type', spot, `${named(path)} must be ${name}, and is ${describe(value)}`, `write ${name}`);
}

/** The branch of a union that came furthest is the one that was meant. */
function problemsOfUnion(
  branches: readonly (readonly Issue[])[],
  file: YamlFile,
  path: Path,
  known: readonly string[],
): readonly Problem[] {
  const depth = (issues: readonly Issue[]) =>
    Math.max(...issues.map((issue) => issue.path.length + (issue.code === 'invalid_type' ? 0 : 0.5)));
  const best = branches.reduce((left, right) => (depth(right) > depth(left) ? right : left));
  return best.flatMap((issue) => problemsOf(issue, file, path, known));
}

function optionsOf(issues: readonly Issue[]): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'invalid_value') return issue.values.map(String);
    if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
    return [];
  });
}

/** The key that a path ends in; an entry of a list goes by the list's name. */
function named(path: Path): string {
  const key = path.findLast((part) => typeof part === 'string');
  const inList = typeof path.at(-1) === 'number';
  return key === undefined ? 'this file' : inList ? `an entry of \`${key}\`` : `\`${key}\``;
}

function describe(value: unknown): string {
  if (value instanceof Numeric) return quoted(value.text);
  if (typeof value === 'string') return quoted(value);
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? '' : 'a list';
  return typeof value === 'object' ? 'a mapping' : quoted(String(value));
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
