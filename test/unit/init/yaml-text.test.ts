// Whatever a tag is, it is the same text when the file is read: by this program, and by readers of the older YAML.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { listOf, yamlText } from '../../../src/init/yaml-text.js';

it('keeps every text, as a value, in a list, beside a comment', () => {
  const odd = fc.constantFrom(
    'yes',
    'no',
    'null',
    '~',
    '1e3',
    '0x10',
    '2026-01-01',
    '12:30',
    '#1',
    '- a',
    'a: b',
    '{x',
    '*a',
    '&a',
    '!t',
    '%d',
    '@h',
    "'",
    '"',
    'a #b',
    ' a',
    'a ',
    '',
    '\u00e9',
    '?',
    '|',
    '>',
    'a\nb',
    'a\tb',
    '\u2028',
  );
  const text = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }));
  fc.assert(
    fc.property(text, text, fc.string({ unit: 'binary' }), (id, other, remark) => {
      const written = yamlText(
        [`about ${remark}`],
        [
          { key: 'one', value: id, above: [remark] },
          { key: 'map', value: { inner: { [`tag:${id}`]: other } } },
          listOf('list', [{ value: { id, words: [other] }, above: [remark], beside: remark }], [remark], false),
        ],
        [remark],
      );
      const whole = { one: id, map: { inner: { [`tag:${id}`]: other } }, list: [{ id, words: [other] }] };
      expect(parse(written)).toEqual(whole);
      expect(parse(written, { version: '1.1', merge: false })).toEqual(whole);
    }),
    { numRuns: 120 },
  );
});
