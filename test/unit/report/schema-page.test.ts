// Configuration keys: each kind of schema as a reader finds it on the page.
import { expect, it } from 'vitest';
import { type Schema, schemaPage } from '../../../src/report/schema-page.js';

const SCHEMA: Schema = {
  required: ['name', 'parts'],
  properties: {
    name: { type: 'string', description: 'A | B' },
    size: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
    none: { default: {}, properties: { deep: { type: ['string', 'number'] } } },
    parts: {
      items: {
        oneOf: [
          { properties: { kind: { const: 'x' }, sign: { enum: ['\t', ';'] } }, required: ['kind'] },
          {
            properties: {
              method: { enum: ['y', 'z'] },
              rest: { additionalProperties: { type: 'string' } },
              match: { $ref: '#/$defs/match' },
            },
          },
        ],
      },
    },
    either: { anyOf: [{ const: 'none' }, { items: { type: 'string', format: 'date' } }] },
  },
  $defs: { match: { properties: { sku: { $ref: '#/$defs/patterns' } } }, patterns: { type: 'string' } },
};

it('has a row a key, nested ones by their path, and a table a kind', () => {
  const [, text = ''] = schemaPage([{ name: 'a.yaml', schema: SCHEMA }]).split('## a.yaml');
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('| key') && !line.startsWith('| ---'));
  expect(rows).toEqual([
    '| `name` | string | yes | A \\| B |',
    '| `size` | integer 1 – 9 | `3` |  |',
    '| `none` | keys |  |  |',
    '| `none.deep` | string or number |  |  |',
    '| `parts` | list, see below | yes |  |',
    '| `either` | `none` or list of date |  |  |',
    '### parts[] of kind x',
    '| `kind` | `x` | yes |  |',
    '| `sign` | `\\t`, `;` |  |  |',
    '### parts[] of method y, z',
    '| `method` | `y`, `z` |  |  |',
    '| `rest` | any key: string |  |  |',
    '| `match` | match |  |  |',
    '### match in a.yaml',
    '| `sku` | patterns |  |  |',
  ]);
});
