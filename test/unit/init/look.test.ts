// One file each, as people have them: what init takes it for.
import { execFileSync } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/init/finding.js';
import { FOCUS_ADDED, FOCUS_MANDATORY_IN, FOCUS_VERSIONS } from '../../../src/kernel/bill-lines.js';
import { givenFiles } from '../../../src/init/given.js';
import { lookAt } from '../../../src/init/look.js';
import { prepareSample } from '../../../src/init/usage.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { tempFolder } from '../cli/harness.js';
import { chat, request } from '../warehouse/spans.js';

const engine = await openDuckDb({ threads: 1 });
afterAll(async () => engine[Symbol.asyncDispose]());

async function taken(name: string, content: string | Uint8Array, records = 100): Promise<Finding> {
  const folder = await tempFolder('look');
  await writeFile(join(folder, name), content);
  return lookIn(folder, records);
}

async function lookIn(folder: string, records = 100): Promise<Finding> {
  const { files } = await givenFiles({ cwd: folder, folder: '.', bills: ['.'], usage: ['.'] });
  const [file] = files;
  if (file === undefined) throw new Error('no file');
  await prepareSample(engine);
  return lookAt(engine, file, { records, currency: 'USD' });
}

const line = (number: number, more: object = {}) =>
  `${JSON.stringify({ requestId: `r${number}`, timestamp: '2026-08-03T10:00:00Z', vendor: 'openai', model: 'gpt-4o', usage: { prompt_tokens: 9, completion_tokens: 1 }, tags: { feature: 'f' }, ...more })}\n`;
const LOG = Array.from({ length: 40 }, (_, number) => line(number)).join('');
const MAP = {
  event_id: 'requestId',
  event_time: 'timestamp',
  provider: 'vendor',
  feature_id: 'tags.feature',
  input_tokens: 'usage.prompt_tokens',
};

describe('a log', () => {
  it.each([
    ['log.jsonl', LOG],
    ['log.jsonl.gz', gzipSync(LOG)],
    ['log.json', LOG],
  ])('is the same as %s', async (name, content) => {
    expect(await taken(name, content)).toMatchObject({
      kind: 'usage',
      shape: { map: MAP },
      facts: { records: 40, rejected: 0, isPart: false, firstDay: '2026-08-03' },
    });
  });

  it.each([
    ['log.parquet', '(FORMAT parquet)'],
    ['log.jsonl.zst', '(FORMAT json, COMPRESSION zstd)'],
  ])('is the same as %s, structures and all', async (name, format) => {
    const folder = await tempFolder('look');
    const source = join(await tempFolder('look'), 'log.jsonl');
    await writeFile(source, LOG);
    await engine.run(`COPY (FROM read_json('${source}')) TO '${join(folder, name)}' ${format}`);
    expect(await lookIn(folder)).toMatchObject({ kind: 'usage', shape: { map: MAP }, facts: { records: 40, rejected: 0 } });
  });

  it('is read no further than asked', async () => {
    expect(await taken('log.jsonl', LOG, 7)).toMatchObject({ facts: { records: 7, isPart: true } });
  });

  it('whose id is that of a call keeps its records apart', async () => {
    const shared = Array.from({ length: 40 }, (_, number) => line(number, { requestId: `r${number % 10}`, n: number })).join('');
    const finding = await taken('log.jsonl', shared);
    expect(finding).toMatchObject({ kind: 'usage', shape: { map: { call_id: 'requestId' } } });
    expect(finding.kind === 'usage' && 'event_id' in finding.shape.map).toBe(false);
  });

  it('has tokens of the class where its cached ones exceed its input', async () => {
    const usage = { prompt_tokens: 5, prompt_tokens_details: { cached_tokens: 100 } };
    expect(await taken('log.jsonl', line(1, { usage }))).toMatchObject({
      shape: { tokens: 'exclusive' },
      facts: { rejected: 0 },
    });
    expect(await taken('log.jsonl', line(1, { usage: { ...usage, prompt_tokens: 500 } }))).toMatchObject({
      shape: { tokens: 'inclusive' },
    });
  });

  it('of which no record can be read is none', async () => {
    const reason = expect.stringContaining('missing_model');
    expect(await taken('log.csv', 'event_time,provider,input_tokens\n2026-08-03,openai,12\n')).toMatchObject({
      kind: 'unknown',
      reason,
    });
  });
});

const INVOICE = 'Invoice No,From,To,Description,Net amount,Currency';

describe('an invoice', () => {
  it.each([
    [
      'american',
      `${INVOICE}\nA,08/01/2026,08/31/2026,Seats,"1,234.50",USD\n`,
      { delimiter: ',', decimal: '.', dateFormat: 'MM/dd/yyyy' },
    ],
    ['british', `${INVOICE}\nA,01/08/2026,31/08/2026,Seats,12.50,GBP\n`, { dateFormat: 'dd/MM/yyyy' }],
    [
      'german',
      `${INVOICE.replaceAll(',', ';')}\nA;01.08.2026;31.08.2026;Seats;1.234,50;EUR\n`,
      { delimiter: ';', decimal: ',', dateFormat: 'dd.MM.yyyy' },
    ],
    [
      'with an address above',
      `Acme Ltd\n1 Road\n\n${INVOICE}\nA,2026-08-01,2026-08-31,Seats,-3,USD\nTotal,,,,-3,USD\n`,
      { total: { column: 'Invoice No', equals: 'Total' } },
    ],
    ['UTF-16', Buffer.from(`\ufeff${INVOICE}\nA,2026-08-01,2026-08-31,Séats,3,USD\n`, 'utf16le'), { encoding: 'utf16le' }],
    ['without a currency column', 'Invoice,Start,End,Item,Amount\nA,2026-08-01,2026-08-31,Seats,€3\n', { currency: 'EUR' }],
  ])('that is %s', async (_, content, csv) => {
    expect(await taken('acme.csv', content)).toMatchObject({
      kind: 'invoice-csv',
      csv,
      facts: { lines: 1, months: ['2026-08'] },
    });
  });

  it.each([
    [`${INVOICE}\nA,2026-08-01,soon,Seats,3,USD\n`, 'bad_date'],
    [`${INVOICE}\nA,2026-08-01,2026-08-31,Seats,3.1.2,USD\n`, 'bad_amount'],
    [`${INVOICE.replace('Invoice No', 'Ref')}\nA,2026-08-01,2026-08-31,Seats,3,USD\n`, 'no column for invoice_id'],
  ])('that cannot be booked is told: %j', async (content, why) => {
    expect(await taken('acme.csv', content)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining(why) });
  });
});

describe('a FOCUS bill', () => {
  const CELLS: Readonly<Record<string, string>> = {
    BilledCost: '1.50',
    EffectiveCost: '1.25',
    BillingPeriodStart: '2026-08-01T00:00:00Z',
    BillingPeriodEnd: '2026-09-01T00:00:00Z',
    ChargePeriodStart: '2026-08-03T00:00:00Z',
    ChargePeriodEnd: '2026-08-04T00:00:00Z',
    BillingCurrency: 'USD',
    ChargeCategory: 'Usage',
    BillingAccountId: '111',
    ProviderName: 'Reseller',
    ServiceName: 'Vectors',
  };
  const bill = (names: readonly string[], cells: Readonly<Record<string, string>>) =>
    `${names.join(',')}\n${names.map((name) => cells[name] ?? 'x').join(',')}\n`;

  it.each(FOCUS_VERSIONS)('of version %s is one, of the vendor that it names', async (version) => {
    const names = [...FOCUS_MANDATORY_IN[version], ...(version === '1.0' ? [] : FOCUS_ADDED[version])];
    const hasNewNames = names.includes('ServiceProviderName');
    const text = bill([...new Set(names)], { ...CELLS, ServiceProviderName: 'Pinecone' });
    expect(await taken('focus.csv', text)).toMatchObject({
      kind: 'focus',
      facts: { lines: 1, months: ['2026-08'], vendors: [hasNewNames ? 'Pinecone' : 'Reseller'], services: ['Vectors'] },
    });
  });

  it('has the tags of whom its costs are allocated to, before those of the origin', async () => {
    const names = [...FOCUS_MANDATORY_IN['1.4'], 'Tags', 'AllocatedTags'];
    const cells = { Tags: '"{""feature"": ""node"", ""env"": ""prod""}"', AllocatedTags: '"{""feature"": ""chat""}"' };
    const tags = new Map([
      ['env', new Map([['prod', 1]])],
      ['feature', new Map([['chat', 1]])],
    ]);
    expect(await taken('focus.csv', bill(names, { ...CELLS, ...cells }))).toMatchObject({ kind: 'focus', facts: { tags } });
  });
});

describe('a Cost and Usage Report', () => {
  const report = async (name: string) => readFile(join(import.meta.dirname, '../../../fixtures/sources/aws-cur', name), 'utf8');

  it('of CUR 2.0 is one, with its months, accounts, services and tags', async () => {
    expect(await taken('cur.csv', await report('2026-08.csv'))).toMatchObject({
      kind: 'aws-cur',
      facts: {
        lines: 1,
        currencies: ['USD'],
        accounts: ['111122223333'],
        months: ['2026-08'],
        vendors: ['AWS'],
        services: ['AmazonBedrock'],
        tags: new Map([['feature', new Map([['assistant', 1]])]]),
      },
    });
  });

  it('with a line that cannot be booked says so in its own words', async () => {
    const text = (await report('2026-08.csv')).replace('0.0375', 'much');
    expect(await taken('cur.csv', text)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('line 1 below the header: line_item_unblended_cost is no amount: much'),
    });
  });
});

describe('other files', () => {
  it.each([
    ['azure.csv', 'MeterCategory,BillingCurrency,ChargeType,Cost\na,USD,Usage,1\n', 'Azure cost export'],
    ['cur.csv', 'lineItem/UnblendedCost,lineItem/UsageType\n1,x\n', 'is no Cost and Usage Report that can be booked'],
    ['prices.json', '{"gpt-4o": {"input_cost_per_token": 0.1}}', 'list of prices'],
    ['usage.json', '{"data":[{"start_time":1,"end_time":2,"results":[{"input_tokens":3}]}]}', 'usage totals'],
    [
      'focus.csv',
      'BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ProviderName,ServiceName,ListCost,Tags\n',
      'lacks the mandatory columns',
    ],
    ['latin.csv', Buffer.from('größe,menge\n1,2\n', 'latin1'), ''],
    ['two.zip', 'PK', 'archive'],
    ['notes', 'x', 'extension'],
  ])('%s is told for what it is', async (name, content, reason) => {
    expect(await taken(name, content)).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/\S/),
    });
  });

  it('a link out of the folder is not followed', async () => {
    const folder = await tempFolder('look');
    await symlink('/etc/hostname', join(folder, 'away.jsonl'));
    expect(await lookIn(folder)).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('link') });
  });

  it('a file without the right to read it is told', async () => {
    const folder = await tempFolder('look');
    await writeFile(join(folder, 'secret.jsonl'), LOG, { mode: 0o000 });
    const isRoot = execFileSync('id', ['-u'], { encoding: 'utf8' }).trim() === '0';
    expect((await lookIn(folder)).kind).toBe(isRoot ? 'usage' : 'unknown');
  });
});

describe('a log of a tracer or a gateway', () => {
  const tags = { event_id: 'x' };
  const spend = {
    request_id: 'r',
    call_type: 'acompletion',
    custom_llm_provider: 'openai',
    model: 'gpt-4o',
    spend: 0.1,
    prompt_tokens: 5,
    completion_tokens: 1,
    endTime: '2026-08-03T10:00:00Z',
    metadata: tags,
  };
  const observation = {
    id: 'o',
    type: 'GENERATION',
    trace_id: 't',
    end_time: '2026-08-03 10:00:00',
    provided_model_name: 'gpt-4o',
    usage_details: { input: 5 },
  };
  const requested = {
    request_id: 'r',
    response_status: 200,
    response_created_at: '2026-08-03T10:00:00Z',
    provider: 'OPENAI',
    model: 'gpt-4o',
    prompt_tokens: 5,
    request_properties: { Feature: 'f' },
  };
  const traces = request([chat('a', { end: '1785751200000000000' })]);

  it.each([
    ['otlp', 'a.jsonl', traces, 'inclusive', {}],
    ['otlp', 'a.json', `{"resourceMetrics":[]}\n${traces}`, 'inclusive', {}],
    ['litellm', 'a.jsonl', JSON.stringify(spend), 'inclusive', {}],
    [
      'litellm',
      'a.csv',
      `${Object.keys(spend).join(',')}\nr,acompletion,openai,gpt-4o,0.1,5,1,2026-08-03T10:00:00Z,{}\n`,
      'inclusive',
      {},
    ],
    ['langfuse', 'a.jsonl', JSON.stringify(observation), 'exclusive', { provider: 'unknown' }],
    ['helicone', 'a.jsonl', JSON.stringify(requested), 'exclusive', {}],
  ])('is %s, as %s, and needs no map', async (format, name, content, tokens, constants) => {
    expect(await taken(name, content)).toMatchObject({
      kind: 'usage',
      shape: { format, map: {}, tokens, constants },
      facts: { records: 1, rejected: 0, firstDay: '2026-08-03' },
    });
  });

  it.each([
    ['{"resourceSpans":[]}', /none of the records looked at is usage/],
    ['{"resourceLogs":[]}', /logs or metrics/],
    [JSON.stringify(JSON.parse(traces), null, 2), /one document over several lines/],
    [JSON.stringify({ ...spend, endTime: 'never' }), /bad_event_time/],
  ])('is no usage where nothing in it is: %s', async (content, reason) => {
    expect(await taken('a.jsonl', content)).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(reason) as string });
  });
});
