// docs/usage-events.md and its JSON Schema say what the code reads. UPDATE_GOLDEN=1 writes them; read the diff.
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { METERS } from '../../src/kernel/meters.js';
import { LAKE_FIELDS, REJECT_REASONS, USAGE_COLUMNS, USAGE_EVENT, usageEventSchema } from '../../src/kernel/usage-event.js';
import { USAGE_FIELDS } from '../../src/kernel/usage-fields.js';

const DOCS = new URL('../../docs/', import.meta.url).pathname;
const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] !== 'true';

async function holds(name: string, text: string): Promise<void> {
  if (UPDATE) await writeFile(DOCS + name, text);
  expect(await readFile(DOCS + name, 'utf8')).toBe(text);
}

test('the schema file is the one that the code makes', async () => {
  await holds('usage-event.schema.json', `${JSON.stringify(usageEventSchema(), null, 2)}\n`);
});

test('the page lists every field and every reason, with its meaning', async () => {
  const page = await readFile(`${DOCS}usage-events.md`, 'utf8');
  const fields = USAGE_FIELDS.map((field) => {
    const { kind, values, meaning } = USAGE_EVENT[field];
    return `| \`${field}\` | ${values === undefined ? kind : values.join(' · ')} | ${meaning} |`;
  });
  const reasons = Object.entries(REJECT_REASONS).map(([reason, when]) => `| \`${reason}\` | ${when} |`);
  const between = (text: string, head: string, rows: readonly string[]) => {
    const start = text.indexOf(head) + head.length;
    return text.slice(0, start) + rows.map((row) => `${row}\n`).join('') + text.slice(text.indexOf('\n\n', start - 1) + 1);
  };
  const whole = between(
    between(page, '| field | kind | meaning |\n|---|---|---|\n', fields),
    '| reason | when |\n|---|---|\n',
    reasons,
  );
  await holds('usage-events.md', whole);
});

test('the page lists the fields that nothing keeps', async () => {
  const unkept = USAGE_FIELDS.filter((field) => !LAKE_FIELDS.includes(field)).map((field) => `\`${field}\``);
  const page = await readFile(`${DOCS}usage-events.md`, 'utf8');
  expect(page).toContain(`No model asks yet for ${unkept.slice(0, -1).join(', ')} and ${unkept.at(-1)}.`);
});

test('every meter is a quantity that a usage event carries', () => {
  for (const meter of METERS) expect(['count', 'quantity']).toContain(USAGE_EVENT[meter].kind);
  expect(new Set(USAGE_COLUMNS.map(([name]) => name)).size).toBe(USAGE_COLUMNS.length);
});
