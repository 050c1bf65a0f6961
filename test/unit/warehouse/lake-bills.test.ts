// Bills in the lake: text as it was written, every line counted, whole files refused where a part would be a wrong bill.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FOCUS_ADDED, FOCUS_MANDATORY } from '../../../src/kernel/bill-lines.js';
import type {
  AnthropicCostsSource,
  FocusSource,
  InvoiceCsvFormat,
  InvoiceCsvSource,
  OpenAiCostsSource,
  SourceConfig,
} from '../../../src/pipeline/pipeline.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { BILL, Company } from '../../contract/company.js';

const FOCUS: FocusSource = { ...BILL, kind: 'focus', layout: { kind: 'files', files: ['in/*'] }, version: 'detect' };
const OPENAI: OpenAiCostsSource = { ...BILL, kind: 'openai-costs', pull: null, files: ['in/*'] };
const ANTHROPIC: AnthropicCostsSource = { ...BILL, kind: 'anthropic-costs', pull: null, files: ['in/*'] };

const MINIMAL: Readonly<Record<string, string>> = {
  ...Object.fromEntries(FOCUS_MANDATORY.map((name) => [name, 'x'])),
  BilledCost: '0.1',
  EffectiveCost: '1e-07',
};

function focus(more: Readonly<Record<string, string>> = {}): string {
  const cells = { ...MINIMAL, ...more };
  return `${Object.keys(cells).join(',')}\n${Object.values(cells).join(',')}\n`;
}

async function ask(config: SourceConfig, name: string, content: string | Uint8Array, sql: string) {
  await using company = await Company.make({ [`in/${name}`]: content });
  return { rows: await company.ask([config], sql), notes: company.notes };
}

describe('FOCUS', () => {
  const sql = 'SELECT version, billed_cost, effective_cost, charge_class, tags, reject, row FROM raw.focus_line ORDER BY row';
  const line = {
    version: '1.0',
    billed_cost: '0.1',
    effective_cost: '1e-07',
    charge_class: 'x',
    tags: null,
    reject: null,
    row: '1',
  };

  test('is told from its columns, and said', async () => {
    expect(await ask(FOCUS, 'a.csv', focus(), sql)).toEqual({
      rows: [line],
      notes: ['`in/a.csv` is read as FOCUS 1.0, told from its columns'],
    });
    expect((await ask(FOCUS, 'a.csv', focus({ InvoiceId: 'i' }), sql)).rows).toEqual([{ ...line, version: '1.2' }]);
    expect(await ask({ ...FOCUS, version: '1.2' }, 'a.csv', focus({ SkuMeter: 'm' }), sql)).toEqual({
      rows: [{ ...line, version: '1.2' }],
      notes: [],
    });
  });

  test.each([
    [
      'without mandatory columns',
      focus().replace('ProviderName,Pub', 'ProvdierName,Pub'),
      '`ProvdierName` should be `ProviderName`',
    ],
    ['of something else', 'a,b\n1,2\n', 'lacks the mandatory columns BilledCost'],
    ['with a column twice', focus({ billed_cost: '1' }), 'has BilledCost twice'],
  ])('%s is refused', async (_, content, message) => {
    await using company = await Company.make({ 'in/a.csv': content });
    await expect(company.load([FOCUS])).rejects.toMatchObject({ kind: 'user', exitCode: 2 });
    await expect(company.load([FOCUS])).rejects.toThrow(message);
  });

  test('has its texts untouched, NULL and nothing as null', async () => {
    const content = focus({
      ChargeClass: 'NULL',
      Tags: '"{""k"": ""a,b""}"',
      BilledCost: '0.12345678901234567890',
      EffectiveCost: '',
    });
    const { rows } = await ask(FOCUS, 'a.csv.gz', gzipSync(`\ufeff${content.replaceAll('\n', '\r\n')}`), sql);
    expect(rows).toEqual([
      { ...line, charge_class: null, tags: '{"k": "a,b"}', billed_cost: '0.12345678901234567890', effective_cost: null },
    ]);
  });

  test('in Parquet has DOUBLE by its shortest text, and maps as JSON', async () => {
    const select = Object.keys(MINIMAL)
      .map((name) => `'x' AS ${name}`)
      .join(', ');
    const typed = `SELECT * REPLACE (0.1::DOUBLE AS BilledCost, 12345678901234567.123456789012::DECIMAL(38,12) AS EffectiveCost,
      TIMESTAMP '2026-07-01 00:00:00' AS BillingPeriodStart), MAP {'k': 'v'} AS Tags FROM (SELECT ${select})`;
    await using company = await Company.make({ 'in/keep.txt': '' });
    await using engine = await openDuckDb({ threads: 1 });
    await engine.run(`COPY (${typed}) TO '${company.path('in/a.parquet')}' (FORMAT parquet)`);
    const rows = await company.ask(
      [{ ...FOCUS, layout: { kind: 'files', files: ['in/*.parquet'] } }],
      `SELECT billed_cost, effective_cost, billing_period_start, tags, row FROM raw.focus_line`,
    );
    expect(rows).toEqual([
      {
        billed_cost: '0.1',
        effective_cost: '12345678901234567.123456789012',
        billing_period_start: '2026-07-01 00:00:00',
        tags: '{"k":"v"}',
        row: '1',
      },
    ]);
  });

  test('counts lines that do not fit where they stand', async () => {
    const good = focus().trim().split('\n')[1] ?? '';
    const { rows } = await ask(
      FOCUS,
      'a.csv',
      `${focus()}too,few\n${good}\n${good},more\n${good}\n`,
      'SELECT row, reject FROM raw.focus_line ORDER BY row',
    );
    expect(rows.map((row) => row['reject'])).toEqual([null, 'malformed', null, 'malformed', null]);
    expect(rows.map((row) => row['row'])).toEqual(['1', '2', '3', '4', '5']);
  });

  test('knows what each version added once', () => {
    const added = Object.values(FOCUS_ADDED).flat();
    expect(new Set([...added, ...FOCUS_MANDATORY]).size).toBe(added.length + FOCUS_MANDATORY.length);
  });

  test('that is empty has no lines', async () => {
    expect((await ask(FOCUS, 'a.csv', '', sql)).rows).toEqual([]);
  });
});

describe('a cost dump', () => {
  const bucket = (start: number, results: string) => `{"start_time":${start},"end_time":${start + 86400},"results":[${results}]}`;
  const cost = (value: string) => `{"amount":{"value":${value},"currency":"usd"},"line_item":"x"}`;
  const sql = 'SELECT row, delivery, bucket_start, empty_bucket, amount, reject FROM raw.openai_cost ORDER BY row';

  test('is a page, a list of pages or one a line, with empty days kept', async () => {
    const page = `{"object":"page","data":[${bucket(1782864000, cost('"1.50"'))},${bucket(1782950400, '')}]}`;
    const rows = [
      { row: '1', delivery: 'in/a.json', bucket_start: '1782864000', empty_bucket: 'false', amount: '1.50', reject: null },
      { row: '2', delivery: 'in/a.json', bucket_start: '1782950400', empty_bucket: 'true', amount: null, reject: null },
    ];
    for (const content of [page, `[${page}]`, `\ufeff${page}\r\n`])
      expect((await ask(OPENAI, 'a.json', content, sql)).rows).toEqual(rows);
    const packed = await ask(OPENAI, 'a.json.gz', gzipSync(page), sql);
    expect(packed.rows.map((row) => row['amount'])).toEqual(['1.50', null]);
  });

  test('that tells of a day twice has the later telling win', async () => {
    const pages = [
      `{"data":[${bucket(1782864000, cost('"1"'))}]}`,
      `{"data":[${bucket(1782864000, cost('"2"'))},${bucket(1782950400, cost('"3"'))}]}`,
    ];
    const { rows } = await ask(
      OPENAI,
      'a.ndjson',
      pages.join('\n'),
      'SELECT amount FROM raw.openai_cost AS c WHERE delivery = (SELECT max(delivery) FROM raw.openai_cost AS o WHERE o.bucket_start = c.bucket_start) ORDER BY row',
    );
    expect(rows.map((row) => row['amount'])).toEqual(['2', '3']);
  });

  test('has every line that cannot be read, with its reason', async () => {
    const results = [
      cost('1.12345678901234567'),
      cost('"x"'),
      '{"line_item":"y"}',
      '5',
      '{"amount":{"value":"1"}}',
      cost('true'),
    ];
    const content = `{"data":[${bucket(1782864000, results.join(','))},{"results":[]},7,{"start_time":"soon","end_time":1,"results":[]}]}`;
    const { rows } = await ask(OPENAI, 'a.json', content, sql);
    expect(rows.map((row) => row['reject'])).toEqual([
      'inexact_amount',
      'bad_amount',
      'missing_amount',
      'malformed',
      'missing_currency',
      'bad_amount',
      'malformed',
      'malformed',
      'malformed',
    ]);
    expect(rows.every((row) => row['amount'] === null)).toBe(true);
  });

  test.each([
    ['cut', '{"data":[{"start_time":1'],
    ['empty', ''],
    ['an error', '{"error":{"message":"no key"}}'],
    ['cut in a later line', '{"data":[]}\n{"data":'],
  ])('that is %s is refused whole', async (_, content) => {
    await using company = await Company.make({ 'in/a.json': content });
    await expect(company.land(OPENAI)).rejects.toMatchObject({ exitCode: 4, problems: [{ place: { file: 'in/a.json' } }] });
    await expect(company.land(OPENAI)).rejects.not.toThrow('no key');
  });

  test('of Anthropic stays in cents', async () => {
    const content = `{"data":[{"starting_at":"2026-07-01T00:00:00Z","ending_at":"2026-07-02T00:00:00Z","results":[{"amount":"123.78912","currency":"USD","model":"m","workspace_id":null}]}]}`;
    const { rows } = await ask(
      ANTHROPIC,
      'a.json',
      content,
      'SELECT bucket_start, amount, currency, model, workspace_id FROM raw.anthropic_cost',
    );
    expect(rows).toEqual([
      { bucket_start: '2026-07-01T00:00:00Z', amount: '123.78912', currency: 'USD', model: 'm', workspace_id: null },
    ]);
  });
});

describe('an invoice CSV', () => {
  const csv: InvoiceCsvFormat = {
    delimiter: ',',
    encoding: 'utf8',
    decimal: '.',
    dateFormat: 'yyyy-MM-dd',
    columns: { invoice_id: 'Invoice', period_start: 'From', period_end: 'To', item: 'Item', amount: 'Amount' },
    currency: 'USD',
    total: { column: 'Item', equals: 'Total' },
  };
  const source = (more: Partial<InvoiceCsvFormat> = {}): InvoiceCsvSource => ({
    ...BILL,
    kind: 'invoice-csv',
    files: ['in/*'],
    csv: { ...csv, ...more },
  });
  const HEAD = 'Invoice,From,To,Item,Amount';
  const sql = 'SELECT row, invoice_id, item, amount, reject FROM raw.invoice_line ORDER BY row';
  const controls = async (content: string, config = source()) => {
    await using company = await Company.make({ 'in/a.csv': content });
    return (await company.land(config)).controls
      .filter((control) => control.control === 'printed_total')
      .map(({ scope, expected, currency }) => [scope, expected, currency]);
  };
  const charge = (invoice: string, amount: string) => `${invoice},2026-07-01,2026-07-31,x,${amount}`;

  test('has a printed total of an invoice where it says which, else of the file', async () => {
    expect(await controls([HEAD, charge('A', '1'), ',,,TOTAL,"1,000.00"'].join('\n'))).toEqual([['A', '1000.00', 'USD']]);
    const two = [HEAD, charge('A', '1'), ',,,Total,1', charge('B', '2'), 'B,,,Total,2'];
    expect(await controls(two.join('\n'))).toEqual([
      ['A', '1', 'USD'],
      ['B', '2', 'USD'],
    ]);
    expect(await controls([...two.slice(0, 2), two[3], ',,,Total,3'].join('\n'))).toEqual([['in/a.csv', '3', 'USD']]);
    expect(await controls([...two, ',,,Total,3'].join('\n'))).toEqual([
      ['A', '1', 'USD'],
      ['B', '2', 'USD'],
      ['in/a.csv', '3', 'USD'],
    ]);
    expect(await controls([HEAD, charge('A', '1')].join('\n'), source({ total: null }))).toEqual([]);
  });

  test('has lines by their place in the file, quoted line breaks and all', async () => {
    const content = [
      'Statement',
      '',
      HEAD,
      'A,2026-07-01,2026-07-31,"two',
      'lines",5',
      charge('A', '(2.50)'),
      'bad"quote,x',
      charge('A', '7'),
      ',,,Total,9.5',
    ].join('\n');
    const { rows } = await ask(source(), 'a.csv', content, sql);
    expect(rows.map((row) => [row['row'], row['amount'], row['reject']])).toEqual([
      ['4', '5', null],
      ['6', '-2.50', null],
      ['7', null, 'malformed'],
      ['8', '7', null],
    ]);
  });

  test.each([
    ['missing_invoice_id', ',2026-07-01,2026-07-31,x,5'],
    ['missing_period', 'A,,2026-07-31,x,5'],
    ['bad_date', 'A,01.07.2026,2026-07-31,x,5'],
    ['bad_period', 'A,2026-07-31,2026-07-01,x,5'],
    ['bad_amount', 'A,2026-07-01,2026-07-31,x,five'],
    ['missing_amount', 'A,2026-07-01,2026-07-31,x,'],
    ['malformed', 'A,2026-07-01,2026-07-31,x,5,6'],
  ])('refuses a line as %s', async (reject, line) => {
    const { rows } = await ask(source(), 'a.csv', [HEAD, line, ',,,Total,5'].join('\n'), sql);
    expect(rows.map((row) => [row['reject'], row['amount']])).toEqual([[reject, null]]);
  });

  test('is read in its own encoding', async () => {
    const content = [HEAD, 'A,2026-07-01,2026-07-31,Übergröße,5', ',,,Total,5'].join('\n');
    for (const encoding of ['utf16le', 'latin1'] as const) {
      const bytes = Buffer.from(encoding === 'utf16le' ? `\ufeff${content}` : content, encoding);
      expect((await ask(source({ encoding }), 'a.csv', bytes, sql)).rows.map((row) => row['item'])).toEqual(['Übergröße']);
    }
    await using company = await Company.make({ 'in/a.csv': Buffer.from(content, 'latin1') });
    await expect(company.land(source())).rejects.toMatchObject({ kind: 'user' });
  });

  test.each([
    ['without its total', 4, [HEAD, charge('A', '1')], 'ends without its total line'],
    ['whose total is no amount', 2, [HEAD, charge('A', '1'), ',,,Total,much'], 'cannot be read'],
    ['without its header', 2, ['Invoice,From,To,Item,Amuont', charge('A', '1')], 'did you mean `Amuont`'],
    ['with a column twice', 2, [`${HEAD},Amount`, charge('A', '1')], 'two columns `Amount`'],
    ['that ends in quotes', 4, [HEAD, 'A,2026-07-01,2026-07-31,"x'], 'ends inside a quoted cell'],
  ])('%s is refused', async (_, exitCode, lines, message) => {
    await using company = await Company.make({ 'in/a.csv': lines.join('\n') });
    await expect(company.land(source())).rejects.toMatchObject({ exitCode });
    await expect(company.land(source())).rejects.toThrow(message);
  });
});
