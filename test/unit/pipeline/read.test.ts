import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePlace, Failure } from '../../../src/kernel/failure.js';
import { readPipeline } from '../../../src/pipeline/read.js';
import { COMPANY, codesOf, edit, problemsOf, read } from './company.js';

const PIPELINES = new URL('../../../pipelines/', import.meta.url);

describe('the pipelines that come with the package', () => {
  test.each(['nightly', 'month-close', 'backfill'])('%s.yaml is valid', async (name) => {
    const pipeline = await readPipeline(fileURLToPath(new URL(`${name}.yaml`, PIPELINES)));
    expect(pipeline.name).toBe(name);
    expect(pipeline.root).toBe(fileURLToPath(new URL('example', PIPELINES)));
    expect(pipeline.prices.length).toBeGreaterThan(1000);
    expect(pipeline.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([`../${name}.yaml`, 'features.yaml', 'builtin:list.csv']),
    );
  });

  test('the nightly one says what its comments say', async () => {
    const { rules, registry, sources, acceptUnpriced } = await readPipeline(fileURLToPath(new URL('nightly.yaml', PIPELINES)));
    expect(rules.map(({ poolId, level }) => [poolId, level])).toEqual([
      ['tagged', 1],
      ['gpu-nodes', 1],
      ['embedding-users', 2],
      ['extraction-licence', 1],
      ['models', 1],
      ['vector-store', 1],
      ['support', 3],
      ['(follow)', 3],
    ]);
    expect(registry.fixedCosts.map(({ entryId, terms }) => [entryId, terms.kind])).toEqual([
      ['gpu-node-2026', 'owned'],
      ['extraction-licence', 'prepaid'],
      ['rented-nodes', 'recurring'],
    ]);
    expect(sources.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'gateway usage',
      'batch-jobs usage',
      'aws focus',
      'openai openai-costs',
      'anthropic anthropic-costs',
      'pinecone invoice-csv',
    ]);
    expect(acceptUnpriced).toMatchObject([{ sku: 'gpt-preview-internal', expiresOn: '2026-12-31' }]);
  });
});

describe('a small company', () => {
  test('is read whole, with its defaults', async () => {
    const pipeline = await read();
    expect(pipeline).toMatchObject({
      name: 'shop',
      file: '/company/pipeline.yaml',
      root: '/company',
      currency: 'USD',
      start: '2026-07',
      asOf: null,
      stateDir: '/company/.showback',
      outDir: '/company/out',
      retention: { runs: 14, deliveriesDays: 90 },
      tags: ['customer_id'],
      aliases: [],
      fx: [],
    });
    expect(pipeline.sources).toEqual([
      {
        kind: 'usage',
        id: 'gateway',
        place: { file: 'pipeline.yaml', line: 11, column: 5 },
        s3: { region: null, endpoint: null, pathStyle: false },
        files: ['logs/*.jsonl'],
        format: 'by-extension',
        map: {},
        constants: {},
        tokens: 'exclusive',
        statedCost: 'ignore',
      },
      {
        kind: 'openai-costs',
        pull: null,
        id: 'openai',
        place: { file: 'pipeline.yaml', line: 14, column: 5 },
        role: 'money',
        provider: 'openai',
        account: null,
        basis: 'billed',
        coversUsage: true,
        leavesOutServiceTiers: [],
        featureTag: null,
        s3: { region: null, endpoint: null, pathStyle: false },
        files: ['bills/*.json'],
      },
    ]);
    expect(pipeline.registry.mappings).toEqual([
      { kind: 'account', value: '123456789012', featureId: 'search', place: { file: 'features.yaml', line: 6, column: 19 } },
    ]);
    expect(pipeline.prices[0]).toEqual({
      layer: 'list',
      provider: 'openai',
      sku: 'gpt-5',
      meter: 'input_tokens',
      unitExponent: 6,
      price: '1.25',
      currency: 'USD',
      serviceTier: 'standard',
      region: '',
      promptOver: 0,
      minuteFrom: 0,
      minuteTo: 1440,
      validFrom: '2026-07-01 00:00:00',
      source: 'price page',
      note: '',
      place: { file: 'prices.csv', line: 2, column: 1 },
    });
  });

  test('is frozen to its last value', async () => {
    const thawed: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(path);
      for (const [key, part] of Object.entries(value)) visit(part, `${path}.${key}`);
    };
    visit(await read(), 'pipeline');
    expect(thawed).toEqual([]);
  });

  test('names every file that it was read from, with the hash of its bytes', async () => {
    const { files } = await read();
    const expected = Object.entries(COMPANY).map(([path, text]) => ({
      path,
      sha256: createHash('sha256').update(text).digest('hex'),
    }));
    expect(files).toEqual(expected.sort((left, right) => (left.path < right.path ? -1 : 1)));
  });

  test('ends with one rule for tax, credits, minimum commitments, support and corrections, and no other that nobody wrote', async () => {
    const { rules } = await read();
    expect(rules.slice(-1)).toEqual([
      {
        ruleNo: 4,
        poolId: '(follow)',
        match: [{ field: 'cause', patterns: ['credit', 'tax', 'minimum_commitment', 'support', 'correction'] }],
        method: { kind: 'follow' },
        feeds: [],
        onNoMatch: 'ignore',
        level: 3,
        place: { file: 'pipeline.yaml' },
      },
    ]);
  });

  test('needs neither rules nor fixed costs', async () => {
    const plain = {
      ...edit('pipeline.yaml', '  fixed_costs: fixed_costs.yaml\n  rules: rules.yaml\n', ''),
      ...edit('features.yaml', 'kind: pool, ', 'owners: { platform: infra }, '),
    };
    const { rules, registry } = await read(plain);
    expect(rules.map(({ poolId }) => poolId)).toEqual(['(follow)']);
    expect(registry.fixedCosts).toEqual([]);
  });

  test('reads the same with Windows line ends and a byte order mark', async () => {
    const windows = Object.fromEntries(
      Object.entries(COMPANY).map(([name, text]) => [name, `\ufeff${text.replaceAll('\n', '\r\n')}`]),
    );
    const { files: _, ...pipeline } = await read(windows);
    const { files: __, ...plain } = await read();
    expect(pipeline).toEqual(plain);
  });
});

describe('amounts', () => {
  test('keep the digits that are written, quoted or not', async () => {
    const costs = (cost: string) => edit('fixed_costs.yaml', '"36000.00"', cost);
    for (const written of ['0.10', '1234567890123.123456789012', '36000']) {
      for (const text of [written, `"${written}"`]) {
        const { registry } = await read(costs(text));
        expect(registry.fixedCosts[0]?.terms).toMatchObject({ cost: written });
      }
    }
  });

  test('that a ledger cannot hold exactly are refused', async () => {
    for (const text of ['-1', '1e3', '0x10', '.inf', '1_000', '12345678901234', '0.1234567890123', '+5', '.5', '5.', '0']) {
      expect(await codesOf(edit('fixed_costs.yaml', '"36000.00"', text)), text).toEqual(['config/bad-value']);
    }
  });

  test('may be in YAML anchors', async () => {
    const twice = `${COMPANY['fixed_costs.yaml'] ?? ''}  - { id: second, description: x, kind: prepaid, cost: *cost, currency: USD, provider: aws, in_service_on: 2026-07-01, horizon_months: 12, bill: none }\n`;
    const { registry } = await read({ 'fixed_costs.yaml': twice.replace('"36000.00"', '&cost 36000.10') });
    expect(registry.fixedCosts.map(({ terms }) => (terms.kind === 'recurring' ? '' : terms.cost))).toEqual([
      '36000.10',
      '36000.10',
    ]);
  });
});

describe('a match of bill lines', () => {
  test('may be the only entry of a list', async () => {
    const bill = (text: string) => read(edit('fixed_costs.yaml', 'bill: none', `bill: ${text}`));
    const conditions = [
      { field: 'provider', patterns: ['aws'] },
      { field: 'description', patterns: ['GPU*', 'Rack*'] },
    ];
    for (const text of ['{ provider: aws, description: [GPU*, Rack*] }', '[{ provider: aws, description: [GPU*, Rack*] }]']) {
      expect((await bill(text)).registry.fixedCosts[0]?.bill).toEqual(conditions);
    }
  });

  test('has its place in a list too', async () => {
    const [found] = await problemsOf(edit('fixed_costs.yaml', 'bill: none', 'bill: [{ provider: 123, description: x }]'));
    expect(found).toMatchObject({ code: 'config/unquoted-number', place: { line: 10, column: 24 } });
  });

  test('is one match, not several', async () => {
    expect(await codesOf(edit('fixed_costs.yaml', 'bill: none', 'bill: [{ provider: aws }, { provider: gcp }]'))).not.toEqual([]);
  });
});

describe('idle capacity', () => {
  test('without a month counts from the first one, and months are put in order', async () => {
    const capacity = async (text: string) => {
      const { rules } = await read(edit('rules.yaml', 'driver: gpu_hours', `driver: gpu_hours\n    idle: { capacity: ${text} }`));
      const [{ method } = { method: null }] = rules;
      return method?.kind === 'driver' ? method.idle : null;
    };
    expect(await capacity('1000')).toEqual({ capacity: [{ month: '2026-07', quantity: '1000' }], action: { kind: 'shown' } });
    expect((await capacity('{ 2026-09: 10.50, 2026-07: "8" }'))?.capacity).toEqual([
      { month: '2026-07', quantity: '8' },
      { month: '2026-09', quantity: '10.50' },
    ]);
  });
});

describe('problems', () => {
  test('are named from where the person stands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'showback-read-'));
    try {
      for (const [name, text] of Object.entries(COMPANY)) await writeFile(join(folder, name), text);
      await writeFile(join(folder, 'prices.csv'), 'provider\n');
      const found = await readPipeline(join(folder, 'pipeline.yaml')).catch((error: unknown) => error);
      expect(found).toBeInstanceOf(Failure);
      const places = (found as Failure).problems.map(({ place }) => place && describePlace(place));
      expect(places).toEqual([join(folder, 'prices.csv:1:1')]);
      const below = await readPipeline(
        `${dirname(folder)}/./${folder.split('/').at(-1)}/../${folder.split('/').at(-1)}/pipeline.yaml`,
      ).catch((error: unknown) => error);
      expect((below as Failure).problems[0]?.place?.file).toBe(join(folder, 'prices.csv'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('of a broken features.yaml do not make every other mention of a feature a problem', async () => {
    expect(await codesOf({ 'features.yaml': 'features: [' })).toEqual(['config/yaml-syntax']);
    expect(await codesOf(edit('features.yaml', 'id: chat, team: Conversations', 'id: chat, teem: Conversations'))).toEqual([
      'config/missing-key',
      'config/unknown-key',
    ]);
  });

  test('cannot act on a terminal', async () => {
    const [found] = await problemsOf(edit('pipeline.yaml', 'currency: USD', 'currency: "\u001b[31mUSD\u202e"'));
    expect(JSON.stringify(found)).not.toMatch(/\\u001b|\u202e/);
    expect(found?.code).toBe('config/bad-value');
  });

  test('are told for a key that would change the prototype', async () => {
    expect(await codesOf(edit('features.yaml', '"123456789012": search', '__proto__: search'))).toEqual(['config/bad-key']);
    expect(await codesOf(edit('pipeline.yaml', 'currency: USD', 'currency: USD\nconstructor: x'))).toEqual([
      'config/unknown-key',
    ]);
  });

  test('are told, and nothing hangs or breaks, for YAML that is nested without end', async () => {
    for (const text of [
      `features: ${'['.repeat(5000)}`,
      `features: ${'{a: '.repeat(5000)}`,
      `${'- '.repeat(5000)}`,
      'features: !!binary x',
      '%TAG x\n---\n',
      'a: 1\n---\nb: 2\n',
    ]) {
      expect((await codesOf({ 'features.yaml': text })).length).toBeGreaterThan(0);
    }
  });

  test('are the only way in which a damaged file fails', async () => {
    const names = Object.keys(COMPANY);
    const damage = fc.record({
      name: fc.constantFrom(...names),
      at: fc.nat(900),
      remove: fc.nat(12),
      insert: fc.string({
        maxLength: 4,
        unit: fc.constantFrom(
          '[',
          ']',
          '{',
          '}',
          ':',
          ' ',
          '\n',
          '"',
          "'",
          ',',
          '&',
          '*',
          '-',
          '#',
          '1',
          'a',
          '\t',
          '|',
          '~',
          '!',
        ),
      }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, at, remove, insert }) => {
        const text = COMPANY[name] ?? '';
        const from = at % (text.length + 1);
        for (const { code, message, remedy, place } of await problemsOf({
          [name]: text.slice(0, from) + insert + text.slice(from + remove),
        })) {
          expect(code).toMatch(/^config\/[a-z0-9-]+$/);
          expect(message.length * remedy.length).toBeGreaterThan(0);
          expect(remedy).not.toMatch(/: $|undefined/);
          expect(message).not.toMatch(/undefined|\[object/);
          expect(place?.line ?? 1).toBeGreaterThan(0);
        }
      }),
      { numRuns: 400, seed: 20260722 },
    );
  });
});
