// The committed pages are what their sources say, and the example queries of the marts run.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { generatedPages } from '../../../src/cli/generated-pages.js';
import { parseContract } from '../../../src/model/contract.js';
import { exampleQuery, type Mart } from '../../../src/report/mart-pages.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { cli, program } from './harness.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the generated pages', () => {
  let pages: ReadonlyMap<string, string> = new Map();
  beforeAll(async () => {
    pages = await generatedPages(program());
  });

  it('are current; `showback docs` writes them', async () => {
    for (const [path, text] of pages) expect(await readFile(`${root}docs/${path}`, 'utf8'), path).toBe(text);
    expect(await cli(['docs', '--check'])).toEqual({ code: 0, out: 'all pages are current\n', err: '' });
  });

  it('of marts are no more than there are marts', async () => {
    const written = (await readdir(`${root}docs/marts`)).map((name) => `marts/${name}`);
    expect(written.sort()).toEqual([...pages.keys()].filter((path) => path.startsWith('marts/')).sort());
  });

  it('lead to pages that exist', () => {
    for (const [path, text] of pages) {
      const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) =>
        posix.join(posix.dirname(path), target ?? ''),
      );
      for (const target of targets) expect(existsSync(`${root}docs/${target}`), `${path} leads to ${target}`).toBe(true);
    }
  });

  it('give every mart an example that runs', async () => {
    await using warehouse = await openDuckDb({ threads: 1 });
    for (const { table, contract } of await marts()) {
      const columns = contract.columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
      await warehouse.run(`CREATE TABLE ${table} (${columns})`);
      expect(await warehouse.rows(exampleQuery({ table, contract })), table).toEqual([]);
    }
  });

  it('that are out of date are named', async () => {
    const told = await cli(['docs', '--check', '--dir', '/nonexistent']);
    expect(told.code).toBe(3);
    expect(told.err).toContain('docs/marts/README.md: this page is not what its source says');
  });
});

async function marts(): Promise<readonly Mart[]> {
  const files = (await readdir(`${root}sql/marts`)).filter((name) => name.endsWith('.yaml'));
  return Promise.all(
    files.map(async (file) => {
      const contract = parseContract(await readFile(`${root}sql/marts/${file}`, 'utf8'), false);
      if ('problem' in contract) throw new Error(contract.problem);
      return { table: file.replace('.yaml', ''), contract };
    }),
  );
}
