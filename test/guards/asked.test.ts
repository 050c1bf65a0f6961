// The lake keeps what models ask of an event: one that is asked for and not kept would be null for ever, and one that is kept and not
// asked for costs time on every record.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LAKE_COLUMNS, LAKE_FIELDS } from '../../src/kernel/usage-event.js';

const KEPT = new Set([...LAKE_COLUMNS.map(([name]) => name), ...LAKE_FIELDS]);

const MODELS = readdirSync('sql', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sql') && !name.startsWith('macros'))
  .map((name) => readFileSync(`sql/${name}`, 'utf8'));

/** What is asked for and not kept, and the other way round. */
function partings(models: readonly string[]): readonly string[] {
  const readers = models.filter((sql) => sql.includes('raw.usage_event'));
  const names = readers.flatMap((sql) => [...sql.matchAll(/\be\."?(\w+)/g)].map(([, name = '']) => name));
  const asked = new Set(names);
  const unkept = [...asked].filter((name) => !KEPT.has(name)).map((name) => `${name} is asked for`);
  return [...unkept, ...[...KEPT].filter((name) => !asked.has(name)).map((name) => `${name} is kept`)];
}

it('is what models ask for, and nothing else', () => {
  expect(partings(MODELS)).toEqual([]);
  // Under another name the words of a reader would not be seen.
  const readers = MODELS.filter((sql) => sql.includes('raw.usage_event'));
  expect(readers.flatMap((sql) => sql.split('raw.usage_event').slice(1)).filter((rest) => !rest.startsWith(' AS e'))).toEqual([]);
});

it('is told where it parts', () => {
  const asks = 'SELECT e.run_id FROM raw.usage_event AS e';
  expect(partings([...MODELS, asks])).toEqual(['run_id is asked for']);
  const unasked = MODELS.map((sql) => sql.replaceAll('e.principal_id', 'NULL'));
  expect(partings(unasked)).toEqual(['principal_id is kept']);
});
