// `rates show` and `rates sync`: the book's answer as people read it, and a book that only grows.
import { readFile, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { cli, companyFolder } from './harness.js';

const BOOK = `provider,sku,meter,unit,price,currency,tier,valid_from,source,note
acme,fast-1,input_tokens,1M,2.50,USD,,2026-01-01,us,
acme,fast-1,input_tokens,1M,2.00,USD,,2026-07-01,us,
acme,fast-1,input_tokens,1M,4.00,USD,prompt>200000,2026-07-01,us,
acme,fast-1,output_tokens,1K,0.010,USD,,2026-01-01,us,
`;

let cwd = '';
beforeEach(async () => {
  cwd = await companyFolder();
  await writeFile(
    `${cwd}/pipeline.yaml`,
    'name: t\ncurrency: USD\nstart: 2026-09\nregistry: { features: features.yaml }\nprices: { list: [list.csv] }\nsources: [{ id: a, kind: usage, files: ["a.jsonl"] }]\n',
  );
  await writeFile(
    `${cwd}/features.yaml`,
    'features: [{ id: a, name: A, team: t, cost_center: c, category: x, owners: { feature: me } }]\n',
  );
  await writeFile(`${cwd}/list.csv`, BOOK);
});

describe('rates show', () => {
  it('answers with the rows in force, their place, and what they beat', async () => {
    const { code, out, err } = await cli(['rates', 'show', '--model', 'fast-1', '--on', '2026-09-01'], { cwd });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('acme fast-1 on 2026-09-01 (exact sku)\n');
    expect(out).toMatch(/input_tokens +2\.00 USD {2}1M +always +2026-07-01 {2}list +list\.csv:3\n/);
    expect(out).toMatch(/input_tokens +4\.00 USD {2}1M +prompt > 200,000 +2026-07-01 {2}list +list\.csv:4\n/);
    expect(out).toMatch(/output_tokens +0\.010 USD {2}1K/);
    expect(out).toContain('Passed over:\n  input_tokens 2.50 USD since 2026-01-01 (list.csv:2)');
  });

  it('answers of another day with the row of that day', async () => {
    const { out } = await cli(['rates', 'show', '--model', 'fast-1', '--on', '2026-06-30'], { cwd });
    expect(out).toMatch(/input_tokens +2\.50 USD/);
    expect(out).not.toContain('2.00 USD');
  });

  it('answers as JSON', async () => {
    const { out } = await cli(
      ['rates', 'show', '--model', 'fast-1', '--on', '2026-09-01', '--prompt-tokens', '300000', '--json'],
      { cwd },
    );
    const told = JSON.parse(out) as { providers: { rates: { row: { price: string } }[] }[] };
    expect(told.providers[0]?.rates.map(({ row }) => row.price)).toEqual(['4.00', '0.010']);
  });

  it('says that no book knows the model, and what is near', async () => {
    const { code, err } = await cli(['rates', 'show', '--model', 'fast', '--on', '2026-09-01'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('no price book knows fast [rates/unknown-model]\n  → known are fast-1');
  });
});

describe('rates sync', () => {
  it('appends the catalogue once, and leaves every row that was there', async () => {
    const args = ['rates', 'sync', '--file', 'list.csv'];
    const dry = await cli([...args, '--dry-run'], { cwd });
    expect(dry.out).toMatch(/^list\.csv: would append [\d,]+ rows\n {2}/);
    expect(await readFile(`${cwd}/list.csv`, 'utf8')).toBe(BOOK);
    const first = await cli(args, { cwd });
    expect([first.code, first.err]).toEqual([0, '']);
    expect((await readFile(`${cwd}/list.csv`, 'utf8')).startsWith(BOOK)).toBe(true);
    expect((await cli(args, { cwd })).out).toBe('list.csv is up to date\n');
  });

  it('makes a book where there is none, and tells where it cannot', async () => {
    expect((await cli(['rates', 'sync', '--file', 'new.csv'], { cwd })).code).toBe(0);
    expect(await readFile(`${cwd}/new.csv`, 'utf8')).toMatch(/^provider,sku,meter,/);
    const lost = await cli(['rates', 'sync', '--file', 'no/such/folder.csv'], { cwd });
    expect(lost.code).toBe(4);
    expect(lost.err).toContain('[rates/file]');
  });
});
