// What is drafted of several files together, and what is refused before anything is written.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { initCompany, type InitRequest, type InitResult } from '../../../src/init/init.js';
import { tempFolder } from '../cli/harness.js';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await tempFolder('draft');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function drafted(cwd: string, request: Partial<InitRequest> = {}): Promise<InitResult> {
  return initCompany({
    cwd,
    folder: 'books',
    bills: [],
    usage: ['.'],
    force: false,
    now: () => new Date('2026-10-01T02:00:00Z'),
    ...request,
  });
}

const event = (more: object) =>
  `${JSON.stringify({ event_time: '2026-09-03T10:00:00Z', provider: 'openai', model: 'gpt-4o', input_tokens: 5, ...more })}\n`;
const costs = (organization: string) =>
  JSON.stringify({
    data: [
      {
        start_time: 1_788_220_800,
        end_time: 1_788_307_200,
        results: [{ amount: { value: '1', currency: 'usd' }, organization_id: organization }],
      },
    ],
  });

describe('a draft', () => {
  it.each([
    [
      'of a legacy report of AWS names its folder, so that old deliveries do not count',
      'cur',
      'aws-cur-legacy',
      ['cur/20260801-20260901/0a/r-00001.csv', 'cur/20260801-20260901/9b/r-00001.csv', 'cur/20260801-20260901/r-Manifest.json'],
    ],
    [
      'of CUR 2.0 names the folder of the export',
      'exports/cur2',
      'aws-export',
      ['exports/cur2/data/BILLING_PERIOD=2026-08/r-00001.csv', 'exports/cur2/metadata/BILLING_PERIOD=2026-08/r-Manifest.json'],
    ],
  ])('%s', async (_, path, layout, names) => {
    const report = await readFile(join(import.meta.dirname, '../../../fixtures/sources/aws-cur/2026-08.csv'), 'utf8');
    const key = names[0]?.split('/').slice(1).join('/') ?? '';
    const manifest = JSON.stringify({ reportKeys: [`r/${key}`] });
    const cwd = await folderWith(
      Object.fromEntries(names.map((name, at) => [name, name.endsWith('.json') ? manifest : report + '\n'.repeat(at)])),
    );
    const { sources } = await drafted(cwd, { bills: [path], usage: [] });
    expect(sources.map(({ kind }) => kind)).toEqual(['aws-cur']);
    const written = parse(await readFile(join(cwd, 'books/pipeline.yaml'), 'utf8')) as { sources: readonly unknown[] };
    expect(written.sources).toMatchObject([{ kind: 'aws-cur', layout, path }]);
  });

  it('registers the most used of thousands of tags, and tells the rest', async () => {
    const tags = Array.from({ length: 3000 }, (_, number) => event({ feature_id: `f-${number}`, n: number }));
    const cwd = await folderWith({ 'log.jsonl': [...tags, event({ feature_id: 'f-2999', n: 'again' })].join('') });
    const { features, steps } = await drafted(cwd);
    const text = await readFile(join(cwd, 'books/features.yaml'), 'utf8');
    expect([features, (parse(text) as { features: { id: string }[] }).features[0]?.id]).toEqual([500, 'f-2999']);
    expect(steps).toContainEqual(expect.stringContaining('2500 more tags'));
    expect(text).toContain('2500 more tags');
  });

  it('accepts what has no price, and only that', async () => {
    const cwd = await folderWith({ 'log.jsonl': event({}) + event({ model: 'house-made' }) + event({ service_tier: 'flex' }) });
    await drafted(cwd);
    const { accept_unpriced: accepted } = parse(await readFile(join(cwd, 'books/pipeline.yaml'), 'utf8')) as {
      accept_unpriced: { sku: string; expires_on: string }[];
    };
    expect(accepted.map(({ sku, expires_on: expires }) => `${sku} ${expires}`).sort()).toEqual([
      'gpt-4o 2027-01-31',
      'house-made 2027-01-31',
    ]);
    expect(await readFile(join(cwd, 'books/pipeline.yaml'), 'utf8')).toContain('# its flex usage');
  });

  it('keeps organizations apart, takes the same bytes once, and money of one provider once', async () => {
    const invoice = 'Invoice,Start,End,Item,Amount,Currency\nA,2026-09-01,2026-09-30,Use,9,USD\n';
    const cwd = await folderWith({
      'a/c1.json': costs('org-a'),
      'a/c1 copy.json': costs('org-a'),
      'b/c2.json': costs('org-b'),
      'openai-invoice.csv': invoice,
    });
    const { sources, notTaken } = await drafted(cwd, { bills: ['.'] });
    expect(sources.map(({ id, role, spec }) => [id, role, spec['account'] ?? null])).toEqual([
      ['openai', 'money', null],
      ['openai-2', 'evidence', null],
      ['openai-3', 'evidence', null],
    ]);
    expect(notTaken).toMatchObject([{ file: 'a/c1.json', reason: 'has the same bytes as a/c1 copy.json' }]);
    const apart = await folderWith({ 'a/c1.json': costs('org-a'), 'b/c2.json': costs('org-b') });
    expect((await drafted(apart, { bills: ['.'] })).sources.map(({ role, spec }) => [role, spec['account']])).toEqual([
      ['money', 'org-a'],
      ['money', 'org-b'],
    ]);
  });

  it('reads an AWS export by its manifests', async () => {
    const cwd = await tempFolder('draft');
    await cp(join(import.meta.dirname, '../../../fixtures/cases/aws-month-delivered-again/bills'), join(cwd, 'bills'), {
      recursive: true,
    });
    const { sources, notTaken } = await drafted(cwd, { bills: ['bills'], usage: [] });
    expect([sources.map(({ spec }) => spec['path']), notTaken]).toEqual([['bills/export'], []]);
  });

  it('keeps files that lie beside the new folder, and never reads what runs write', async () => {
    const cwd = await folderWith({
      'log.jsonl': event({ feature_id: 'a' }),
      'usage.csv': 'event_time,provider,model,input_tokens\n2026-09-01,openai,gpt-4o,3\n',
    });
    await mkdir(join(cwd, 'elsewhere'));
    const { sources, folder } = await drafted(join(cwd, 'elsewhere'), { folder: '..', usage: ['..'] });
    expect(folder).toBe(cwd);
    expect(sources.flatMap(({ spec }) => spec['files'])).toEqual(['*.jsonl', 'usage*.csv']);
    const again = await drafted(join(cwd, 'elsewhere'), { folder: '.', usage: ['..'] });
    expect(parse(await readFile(join(cwd, 'elsewhere/pipeline.yaml'), 'utf8'))).toMatchObject({
      root: '..',
      state: 'elsewhere/.showback',
    });
    expect(again.notTaken.map(({ file }) => file)).toEqual(expect.arrayContaining(['features.yaml', 'pipeline.yaml']));
  });
});

describe('refused', () => {
  it.each([
    ['a path that is not there', {}, { usage: ['./gone', './lost'] }, ['init/no-such-path', 'init/no-such-path']],
    ['an empty folder', {}, {}, ['init/no-files']],
    [
      'nothing that is known',
      { 'a.pdf': 'x', 'b/c.csv': 'x,y\n1,2\n' },
      {},
      ['init/nothing-recognised', 'init/nothing-recognised'],
    ],
    ['a file in place of the folder', { books: 'x' }, {}, ['init/no-folder']],
  ])('is %s, and nothing is written', async (_, files, request, codes) => {
    const cwd = await folderWith(files);
    const before = await readdir(cwd, { recursive: true });
    await expect(drafted(cwd, request)).rejects.toMatchObject({
      kind: 'user',
      problems: codes.map((code) => ({ code, remedy: expect.stringMatching(/\S/) })),
    });
    expect(await readdir(cwd, { recursive: true })).toEqual(before);
  });

  it('is to write over files, unless they may be set aside', async () => {
    const cwd = await folderWith({ 'log.jsonl': event({}), 'books/rules.yaml': 'mine' });
    await expect(drafted(cwd)).rejects.toMatchObject({
      problems: [{ code: 'init/exists', remedy: expect.stringContaining('--force') }],
    });
    expect(await readdir(join(cwd, 'books'))).toEqual(['rules.yaml']);
    await drafted(cwd, { force: true });
    expect(await readFile(join(cwd, 'books/rules.yaml.old'), 'utf8')).toBe('mine');
    expect(await readdir(join(cwd, 'books'))).toContain('pipeline.yaml');
  });
});
