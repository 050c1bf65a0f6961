// Colours and signs: who gets them, and what those get that cannot show them.
import { describe, expect, it } from 'vitest';
import { hasColours } from '../../src/cli/io.js';
import { SPINNER } from '../../src/cli/live-lines.js';
import { speaksUtf8, withPlainSigns } from '../../src/cli/plain-signs.js';
import { summaryLines } from '../../src/cli/summary.js';
import { displayWidth } from '../../src/cli/width.js';
import { screen } from '../unit/cli/harness.js';

const plain = (_: unknown, text: string): string => text;

describe('colours', () => {
  it.each<[boolean, Readonly<Record<string, string>>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '', TERM: 'dumb' }, true],
    [false, { FORCE_COLOR: 'false' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('on a terminal: %s, with %j: %s', (isTTY, env, colours) => {
    expect(hasColours(screen({ isTTY }), env)).toBe(colours);
  });
});

describe('signs', () => {
  it.each<[Readonly<Record<string, string>>, boolean]>([
    [{}, true],
    [{ LANG: 'de_CH.UTF-8' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: 'C.utf8' }, true],
    [{ LC_ALL: 'POSIX', LANG: 'C.UTF-8' }, false],
    [{ LC_ALL: '', LC_CTYPE: 'en_US.ISO-8859-1' }, false],
  ])('of a locale %j are those of UTF-8: %s', (env, utf8) => {
    expect(speaksUtf8(env)).toBe(utf8);
  });

  it('in ASCII are as wide as those that they stand for, so that tables hold', () => {
    const output = screen();
    const lines = [...summaryOfAll(), SPINNER.join(''), '✖ → – · …', 'Café 検索'];
    withPlainSigns(output).write(lines.join('\n'));
    const shown = output.text.split('\n');
    expect(shown.map(displayWidth)).toEqual(lines.map(displayWidth));
    expect(shown.slice(0, -1).join('')).toMatch(/^[\x20-\x7e]+$/);
    expect(shown.at(-1)).toBe('Café 検索');
  });
});

/** A summary with every sign that it knows. */
function summaryOfAll(): readonly string[] {
  const row = {
    month: '2026-09',
    control: 'statement_identity',
    scope: 's',
    currency: 'USD',
    expected: '1',
    actual: '1',
    difference: '0',
  };
  const features = Array.from({ length: 30 }, (_, at) => ({
    feature: `F${at}`,
    team: 't',
    amount: '1',
    share: '1.0',
    previous: '',
  }));
  const failed = Array.from({ length: 12 }, () => ({ ...row, passed: false }));
  const figures = {
    identity: [{ ...row, passed: true }],
    statements: [{ month: '2026-09', currency: 'USD', rows: features, total: '30', previousTotal: '' }],
    failed,
    controls: 20,
    unlogged: null,
  };
  const result = {
    outcome: 'unchanged' as const,
    runId: 'r',
    asOf: '2026-09-30',
    months: ['2026-09'],
    outDir: '/c/out',
    warehousePath: '/c/w',
    pipeline: 'p',
    currency: 'USD',
  };
  return summaryLines(result, figures, { size: { columns: 80, rows: 24 }, paint: plain, cwd: '/c' });
}
