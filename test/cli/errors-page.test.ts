// docs/errors.md has every code that the sources raise, and no other; what it says of exits is what the corpus of errors sees.
import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { readExpectedErrors } from '../../src/cli/generated-pages.js';
import { problemExamples, problemsIn } from '../../src/report/problem-examples.js';
import { exitOf, PROBLEM_TEXTS, problemPage } from '../../src/report/problem-page.js';
import { failureKinds, problemCodes, sourcesBelow, type SourceText } from './problem-codes.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
/** What call-sites import tells its problems to them, and the program never does. */
const sources = sourcesBelow(SRC).filter(({ file }) => !file.startsWith(`${SRC}tag/`));
const documented = Object.keys(PROBLEM_TEXTS);

/** Codes without a text, texts without a code, and places that nobody can follow. */
function gaps(texts: readonly SourceText[]) {
  const { codes, unread } = problemCodes(texts.filter(({ file }) => !file.includes('/report/problems/')));
  const missing = [...codes].filter(([code]) => !documented.includes(code)).map(([code, place]) => `${code} (${place})`);
  return { missing, unused: documented.filter((code) => !codes.has(code)), unread };
}

function withPlanted(text: string): readonly SourceText[] {
  return [...sources, { file: `${SRC}pipeline/planted.ts`, text }];
}

describe('the page of errors', () => {
  it('has every code of the sources and no other', () => {
    expect(gaps(sources)).toEqual({ missing: [], unused: [], unread: [] });
  });

  it.each([
    ['a property', "export const p = { code: 'planted/code', message: '', remedy: '' };", 'planted/code'],
    ['a choice', "export const p = (a: boolean) => ({ code: a ? 'planted/one' : 'run/scope', message: '' });", 'planted/one'],
    ['a default', "export function p({ code: name = 'planted/default' }: { code?: string }) { return name; }", 'planted/default'],
    ['an argument', "import { problem } from './text.js';\nexport const p = problem('planted', spot, '', '');", 'config/planted'],
    ['a method', "export const p = (cells: Cells) => cells.refuse('sku', 'planted', '', '');", 'config/planted'],
    ['a table', "export const TABLE = [['sql/planted', 'message']];", 'sql/planted'],
    ['data', 'export const p = (name: string) => ({ code: `planted/${name}`, message: name });', 'planted/*'],
  ])('misses a planted code, as %s', (_, text, code) => {
    const { missing } = gaps(withPlanted(text));
    expect(missing).toContainEqual(expect.stringContaining(`${code} (${SRC}pipeline/planted.ts:`));
  });

  it('tells a code that it cannot follow', () => {
    const text = 'export const p = { code: chosen(), message: "", remedy: "" };';
    expect(gaps(withPlanted(text)).unread).toEqual([`${SRC}pipeline/planted.ts:1`]);
  });

  it('misses the code of a text that nothing raises', () => {
    const without = sources.map(({ file, text }) => ({ file, text: text.replaceAll('config/', 'gonfic/') }));
    expect(gaps(without).unused).toContain('config/bad-grain');
  });

  it('shows an example of most codes that people meet', async () => {
    const expected = await readExpectedErrors();
    const examples = problemExamples(expected);
    expect([...examples.keys()].filter((code) => !documented.includes(code))).toEqual([]);
    expect(examples.size).toBeGreaterThan(45);
    const page = problemPage(examples);
    for (const example of examples.values()) expect(page).toContain(example);
  });

  it('says of every code how the process ends, as the sources throw it', () => {
    const wrong = (texts: readonly SourceText[]): readonly string[] =>
      failureKinds(texts)
        .filter(({ code, kind }) => PROBLEM_TEXTS[code]?.kinds.some((each) => each === kind) === false)
        .map(({ code, kind, place }) => `${code} is thrown as ${kind} (${place})`);
    expect(wrong(sources)).toEqual([]);
    expect(failureKinds(sources).length).toBeGreaterThan(25);
    const planted = "export const p = () => new Failure('locked', [{ code: 'run/scope', message: '', remedy: '' }]);";
    expect(wrong(withPlanted(planted))).toEqual([`run/scope is thrown as locked (${SRC}pipeline/planted.ts:1)`]);
  });

  it('says of every code how the process ends, as the corpus of errors sees it', async () => {
    const failed = (await readExpectedErrors()).filter(({ text }) => !text.startsWith('exit 0\n'));
    const wrong = failed.filter(({ text }) => {
      const exits = problemsIn(text).map(({ problem }) => PROBLEM_TEXTS[problem]?.kinds.map(exitOf) ?? []);
      return !exits.every((each) => each.includes(Number(/^exit (\d+)/.exec(text)?.[1])));
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
    expect(failed.length).toBeGreaterThan(100);
  });
});
