import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { jsonSchemas, schemaText } from '../../../src/pipeline/schema.js';

const PIPELINES = new URL('../../../pipelines/', import.meta.url);
const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] !== 'true';

test.each(Object.entries(jsonSchemas()))(
  'pipelines/%s is what the code reads (`make golden` rewrites it)',
  async (file, schema) => {
    const path = new URL(file, PIPELINES);
    if (UPDATE) await writeFile(path, schemaText(schema));
    expect(await readFile(path, 'utf8')).toBe(schemaText(schema));
  },
);

test('no schema is left of a file that no code reads', async () => {
  const committed = (await readdir(PIPELINES)).filter((name) => name.endsWith('.schema.json'));
  expect(committed.sort()).toEqual(Object.keys(jsonSchemas()).sort());
});

test('editors are told what a money field takes: text, or a number whose digits are read as written', () => {
  const schema = JSON.stringify(jsonSchemas()['fixed-costs.schema.json']);
  expect(schema).toContain('"cost":{"type":["string","number"],"pattern":"^\\\\d{1,13}(\\\\.\\\\d{1,12})?$"}');
  expect(schema).toContain('"horizon_months":{"type":"integer","minimum":12,"maximum":36}');
});
