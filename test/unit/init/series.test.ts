// Of a long series some files are opened, and a broken one speaks for no other.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { gather } from '../../../src/init/gather.js';
import { givenFiles } from '../../../src/init/given.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { tempFolder } from '../cli/harness.js';

it('takes the files between those that it opens for what their neighbours are', async () => {
  const cwd = await tempFolder('series');
  const line = '{"event_time":"2026-08-03T10:00:00Z","provider":"openai","model":"gpt-4o","input_tokens":5}\n';
  const names = Array.from({ length: 12 }, (_, number) => `log-${String(number).padStart(3, '0')}.jsonl`);
  // The first is always opened.
  for (const name of names) await writeFile(join(cwd, name), name === 'log-000.jsonl' ? '{"cut' : line);
  const { files } = await givenFiles({ cwd, folder: 'books', bills: [], usage: ['.'] });
  await using engine = await openDuckDb({ threads: 1 });
  const found = await gather(engine, files, 'USD', { bills: 4, usage: 4, both: 4 });
  expect(found.filter(({ finding }) => finding.kind === 'unknown').map(({ file }) => file.name)).toEqual(['log-000.jsonl']);
  // The first, the last, two between, and the second, since the first tells nothing.
  expect(found.filter(({ opened }) => opened)).toHaveLength(5);
});
