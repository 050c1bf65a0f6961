// Two commands from a folder of bills and logs to a statement that ties, on the project's own files.
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { checkPipeline } from '../src/run/check.js';
import { runPipeline } from '../src/run/run.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { cli, NO_RUNS, tempFolder, type Told } from './unit/cli/harness.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

/** Two runs in one test, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000 });

const FIXTURES = join(import.meta.dirname, '../fixtures/init');

async function companyFrom(name: string): Promise<string> {
  const folder = await tempFolder(`init-${name}`);
  await cp(join(FIXTURES, name), folder, { recursive: true });
  return folder;
}

const runs = async () => ({ ...NO_RUNS, runPipeline, checkPipeline });

async function told(cwd: string, ...args: readonly string[]): Promise<Told> {
  return cli(args, { cwd, runs });
}

/** Published rows, a line each. */
async function published(folder: string, select: string): Promise<readonly string[]> {
  await using engine = await openDuckDb({ threads: 1 });
  const files = join(folder, 'out/parquet/showback_feature_month/**/*.parquet');
  const rows = await engine.rows(`WITH statement AS (SELECT * FROM read_parquet('${files}')) ${select}`);
  return rows.map((row) => Object.values(row).join(' '));
}

it('has the first statement of one FOCUS export and one log in two commands', async () => {
  const folder = await companyFrom('first');
  const drafted = await told(folder, 'init', '--bills', './exports', '--usage', './logs');
  expect(drafted).toMatchObject({ code: 0, err: '' });
  expect(drafted.out).toContain('✔ wrote pipeline.yaml, features.yaml, rules.yaml and negotiated.csv: 2 features, 2 rules');
  expect(drafted.out).toMatch(/✔ tried: .*all of \d+ that a run would publish pass\nNow: showback run\n$/);
  const ran = await told(folder, 'run');
  expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('2026-08 and 2026-09 tie to the bills, to the last unit')]);
  // On each of three days: 1.10 is tagged; 4.20 of Bedrock is shared 1200 × 3 + 300 × 15 to 800 × 3 + 200 × 15; 0.30 is nobody's.
  expect(await published(folder, 'SELECT feature_id, sum(amount) FROM statement GROUP BY ALL ORDER BY ALL')).toEqual([
    '(unallocated) 0.900000000000',
    'menu-planner 10.860000000000',
    'recipe-chat 5.040000000000',
  ]);
});

it('makes the best of a messy folder, and a run of it ties in both currencies', async () => {
  const folder = await companyFrom('messy');
  const drafted = await told(
    folder,
    'init',
    'books',
    '--bills',
    'bills',
    '--usage',
    'usage',
    '--name',
    'fennel',
    '--no-try',
    '--json',
  );
  expect(drafted.code).toBe(0);
  const found = JSON.parse(drafted.out) as Drafted;
  expect(found).toMatchObject({ name: 'fennel', currency: 'USD', start: '2026-08', as_of: '2026-08-31', trial: 'not tried' });
  expect(Object.fromEntries(found.sources.map(({ id, provider, kind }) => [id, `${kind} ${provider ?? ''}`.trim()]))).toEqual({
    aws: 'focus aws',
    azure: 'focus azure',
    gateway: 'usage',
    models: 'usage',
    'models-2': 'usage',
    openai: 'openai-costs openai',
    search: 'usage',
    suchdienst: 'invoice-csv suchdienst',
  });
  expect(specOf(found, 'gateway')).toMatchObject({
    files: ['usage/gateway/**/*.jsonl'],
    tokens: 'inclusive',
    map: { batch: '(not read)', tool_calls: '(not read)', feature_id: 'metadata.feature' },
  });
  expect(specOf(found, 'models')).toMatchObject({ constants: { provider: 'anthropic' } });
  expect(specOf(found, 'suchdienst')).toMatchObject({
    csv: { delimiter: ';', encoding: 'latin1', decimal: ',', date_format: 'dd.MM.yyyy' },
    total: { column: 'Position', equals: 'Summe' },
  });
  expect(found.not_read.map(({ file, reason }) => `${file} ${reason.split(/[:;]/)[0] ?? ''}`)).toEqual([
    'bills/aws/dates-as-typed.csv has lines that cannot be booked (1)',
    'bills/colours.csv has no column for invoice_id, period_start, period_end, item, amount of an invoice',
    'bills/openai/cut.json is cut, or not JSON',
    'bills/statement.pdf is a PDF',
    'usage/cut.jsonl.gz cannot be unpacked',
    'usage/list.json is one JSON list of records',
    'usage/spans.jsonl is of the format otlp, and none of the records looked at is usage',
    'usage/gateway/2026/08/gw-06.jsonl is empty',
  ]);
  const { features } = parse(await readFile(join(folder, 'books/features.yaml'), 'utf8')) as { features: { id: string }[] };
  expect(features.map(({ id }) => id).sort()).toEqual([
    '# 1 seller',
    "- dash: 'n' {brace}",
    'null',
    'stock: "dry" goods',
    'yes',
    '~',
  ]);
  const without = await told(folder, 'run', 'books');
  expect(without.code).toBe(3);
  expect(without.err).toContain('row_to_add=2026-08,EUR,USD,<rate>,<source>');
  const file = join(folder, 'books/pipeline.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/^registry:\n/m, 'registry:\n  fx: [books/fx.csv]\n'));
  await writeFile(join(folder, 'books/fx.csv'), 'month,from,to,rate,source\n2026-08,EUR,USD,1.2,treasury\n');
  expect((await told(folder, 'run', 'books')).code).toBe(0);
  // USD: 10.75 and 1.25 billed, 0.00015 estimated; EUR: 3.75 and an invoice of 1,039.50, at 1.2.
  expect(await published(join(folder, 'books'), 'SELECT currency, sum(amount) FROM statement GROUP BY ALL ORDER BY ALL')).toEqual(
    ['USD 1263.900150000000'],
  );
});

it('says first what a run would fail on', async () => {
  const folder = await tempFolder('init-twice');
  const invoice = (item: string) =>
    `Invoice,Period Start,Period End,Item,Amount,Currency\nA-1,2026-08-01,2026-08-31,${item},12.00,USD\n`;
  await writeFile(join(folder, 'paddle-1.csv'), invoice('Seats'));
  await writeFile(join(folder, 'paddle-2.csv'), invoice('Seats again'));
  const drafted = await told(folder, 'init', 'books', '--bills', '.');
  expect(drafted.code).toBe(0);
  expect(drafted.out).toMatch(
    /^✘ a run would not publish yet: correct this first\n {2}control invoice_once fails for paddle A-1/,
  );
  expect(drafted.out).toMatch(/\nOnce that is corrected: showback run books\n$/);
});

it('takes traces and logs of gateways as they are, and a run tells what of them is no usage', async () => {
  const folder = await tempFolder('init-traces');
  for (const [format, from] of [
    ['otlp', 'traces'],
    ['langfuse', 'logs'],
    ['litellm', 'logs'],
    ['helicone', 'logs'],
  ] as const)
    await cp(join(FIXTURES, `../cases/usage-from-${format}`, from), join(folder, format), { recursive: true });
  const drafted = await told(folder, 'init', '--usage', '.', '--json');
  const found = JSON.parse(drafted.out) as Drafted;
  const formats = found.sources.map(({ spec }) => [spec['format'], spec['map'], spec['constants']]);
  expect(formats.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
    ['helicone', undefined, undefined],
    ['langfuse', undefined, { provider: 'openai' }],
    ['litellm', undefined, undefined],
    ['otlp', undefined, undefined],
  ]);
  const ran = await told(folder, 'run', '--json');
  expect([ran.code, ran.out]).toEqual([
    0,
    expect.stringMatching(
      /no usage, and left out: 1 other spans, 1 spans of agents and workflows, 2 spans of tools that name no provider/,
    ),
  ]);
  expect(await published(folder, 'SELECT DISTINCT feature_id FROM statement ORDER BY ALL')).toEqual(['chat', 'search']);
});

interface Drafted {
  readonly sources: readonly {
    readonly id: string;
    readonly kind: string;
    readonly provider: string | null;
    readonly spec: Readonly<Record<string, unknown>>;
  }[];
  readonly not_read: readonly { readonly file: string; readonly reason: string }[];
  readonly trial: string;
}

function specOf({ sources }: Drafted, id: string): Readonly<Record<string, unknown>> | undefined {
  return sources.find((source) => source.id === id)?.spec;
}
