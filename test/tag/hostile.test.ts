// Whatever a call-site hands over: nothing is thrown into it, no content comes out, and the reader takes every line.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { USAGE_FIELDS } from '../../src/kernel/usage-fields.js';
import { openTag, type Problem, type Tag } from '../../src/tag/tag.js';
import { Company, usage } from '../contract/company.js';
import { chatCompletion, embeddings, message, response, SECRET, vectorMatches } from './answers.js';
import { memory } from './kept.js';

const FIELDS: ReadonlySet<string> = new Set(USAGE_FIELDS);

/** Every way in, past the types: JavaScript has none. */
const WAYS: Readonly<Record<string, (tag: Tag, answer: never, tags: never) => void>> = {
  openai: (tag, answer, tags) => tag.openai(answer, tags),
  anthropic: (tag, answer, tags) => tag.anthropic(answer, tags),
  embedding: (tag, answer, tags) => tag.embedding(answer, tags),
  vectorQuery: (tag, answer, tags) => tag.vectorQuery(answer, tags),
  toolCall: (tag, _, tags) => tag.toolCall(tags),
  failed: (tag, _, tags) => tag.failed(tags),
  record: (tag, _, tags) => tag.record(tags),
  'openai in a call': (tag, answer, tags) => tag.call(tags).openai(answer, tags),
  'failed in a call': (tag, _, tags) => tag.call(tags).failed(tags),
};

function throwing(): never {
  throw new Error(SECRET);
}

/** Its key has no name here, since a linter is right to refuse one anywhere else. */
const thenable = (key = 'then'): object => ({ [key]: throwing });

function cyclic(): object {
  const usageOfItself: Record<string, unknown> = { prompt_tokens: 3, completion_tokens: 1 };
  const answer: Record<string, unknown> = { usage: usageOfItself, output: [usageOfItself] };
  usageOfItself['prompt_tokens_details'] = answer;
  answer['data'] = answer;
  return answer;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable<unknown[]>([], {});
  revoke();
  return proxy;
}

const hostileProxy = (): object => new Proxy([], { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing });

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'a text': () => SECRET,
  'a number': () => 7,
  NaN: () => Number.NaN,
  'a symbol': () => Symbol(SECRET),
  'a bigint': () => 10n ** 40n,
  'a function': () => throwing,
  'a function that is async': () => async () => Promise.reject(new Error(SECRET)),
  'an empty object': () => ({}),
  'an object without a prototype': () => Object.create(null) as object,
  'a promise, for want of an await': () => Promise.resolve(chatCompletion()),
  'a cycle': cyclic,
  'a proxy that throws': hostileProxy,
  'a proxy that is revoked': revoked,
  'a getter that throws': () => ({
    get usage() {
      return throwing();
    },
    get feature_id() {
      return throwing();
    },
  }),
  'usage whose getters throw': () => ({
    usage: {
      get prompt_tokens() {
        return throwing();
      },
      input_tokens: 4,
    },
  }),
  'lists that are proxies': () => ({ usage: { input_tokens: 1 }, output: revoked(), data: hostileProxy() }),
  'a list without an end': () => ({ usage: { input_tokens: 1 }, output: Object.assign([], { length: 2 ** 32 - 1 }) }),
  'a thenable that throws': () => ({ ...thenable(), usage: { input_tokens: 1, output_tokens: 1 } }),
  'values that throw when they are text': () => ({
    feature_id: { toString: throwing, toJSON: throwing },
    model: { valueOf: throwing },
  }),
  'dates that are none': () => ({ event_time: new Date(Number.NaN), usage: { input_tokens: 1 } }),
  'a date that throws': () => ({
    event_time: new Proxy(new Date(), { get: throwing }),
  }),
  'counts that are none': () => ({
    usage: {
      input_tokens: '12',
      output_tokens: -1,
      cache_read_input_tokens: 1.5,
      cache_creation_input_tokens: Number.POSITIVE_INFINITY,
    },
  }),
};

const readable = (lines: readonly string[]): readonly Readonly<Record<string, unknown>>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>);

describe.each(Object.keys(WAYS))('%s', (way) => {
  it.each(Object.keys(HOSTILE))('takes %s, as an answer and as tags', async (kind) => {
    const { tag, lines } = memory();
    const made = HOSTILE[kind] as () => never;
    WAYS[way]?.(tag, made(), { feature_id: 'chat' } as never);
    WAYS[way]?.(tag, chatCompletion() as never, made());
    WAYS[way]?.(tag, made(), made());
    await tag.flush();
    for (const record of readable(lines)) expect(Object.keys(record).filter((field) => !FIELDS.has(field))).toEqual([]);
    expect(lines.join('\n')).not.toContain(SECRET);
    expect(tag.problems().bug).toBe(0);
  });
});

describe('a tag', () => {
  it.each(Object.entries(HOSTILE))('is opened with %s, and loses records but throws nothing', async (_, made) => {
    const tag = openTag(made() as never);
    tag.openai(chatCompletion(), { feature_id: 'chat' });
    expect(await tag.close(50)).toBe(false);
    expect(tag.problems().dropped).toBe(1);
  });

  it.each([
    ['throws', () => throwing()],
    ['rejects', async () => Promise.reject(new Error(SECRET))],
    ['is a thenable that throws', () => thenable()],
  ])('goes on where `onProblem` %s', async (_, onProblem) => {
    const { tag, records } = memory({ onProblem });
    tag.openai(null, { feature_id: 'chat' });
    tag.openai(chatCompletion(), { feature_id: 'chat' });
    expect(await records()).toHaveLength(1);
  });

  it('tells each kind of problem once, counts all, and never tells a value', async () => {
    const { tag, told } = memory();
    for (let n = 0; n < 3; n += 1) {
      tag.openai({ [SECRET]: SECRET }, { feature_id: 'chat' });
      tag.openai(chatCompletion({ model: SECRET }), {
        feature_id: 'x'.repeat(513),
        customer_id: `a\u0000${SECRET}`,
        route: '\ud800',
      });
      tag.openai(
        {
          usage: { prompt_tokens: 1, completion_tokens: 1 },
          get model() {
            return throwing();
          },
        },
        {} as never,
      );
    }
    await tag.flush();
    expect(told.map(({ kind }) => kind)).toEqual(['no_usage', 'bad_value', 'missing', 'unreadable']);
    expect(told.slice(1)).toEqual<readonly Problem[]>([
      { kind: 'bad_value', field: 'model' },
      { kind: 'missing', field: 'feature_id' },
      { kind: 'unreadable', field: 'model' },
    ]);
    expect(tag.problems()).toMatchObject({ no_usage: 3, bad_value: 12, unreadable: 3, missing: 12, dropped: 0, bug: 0 });
    expect(JSON.stringify([told, tag.problems()])).not.toContain(SECRET);
  });
});

const KEYS = [
  ...['type', 'object', 'response', 'usage', 'model', 'status', 'service_tier', 'output', 'data', 'action', 'content', 'choices'],
  ...[
    'prompt_tokens',
    'completion_tokens',
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'prompt_tokens_details',
    'cached_tokens',
  ],
  ...[
    'cache_creation',
    'ephemeral_1h_input_tokens',
    'cache_read_input_tokens',
    'server_tool_use',
    'web_search_requests',
    'readUnits',
  ],
  ...[
    'inference_geo',
    'message',
    'arguments',
    'input',
    'text',
    'metadata',
    'feature_id',
    'customer_id',
    'event_time',
    'batch',
    'attempt',
  ],
];

/** An answer of any shape, whose texts are all content: with a space in them, as prose has. */
const planted = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string().map((text) => `${SECRET} ${text}`),
    fc.oneof(fc.integer(), fc.double(), fc.constantFrom(null, true, 1e300, -0, 'response.completed', 'web_search_call')),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('node'), { maxKeys: 8 }),
  ),
})).node;

describe('content', () => {
  it.each([
    ['openai', chatCompletion()],
    ['openai', response()],
    ['openai', { type: 'response.completed', response: response() }],
    ['anthropic', message()],
    ['embedding', embeddings({ data: [{ embedding: [1], text: SECRET }] })],
    ['vectorQuery', vectorMatches()],
  ])('of %s answers as they come is not in any record', async (way, answer) => {
    const { tag, lines } = memory();
    WAYS[way]?.(tag, answer as never, { feature_id: 'chat', prompt: SECRET, messages: [SECRET] } as never);
    await tag.flush();
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain(SECRET);
  });

  it('planted anywhere in answers of any shape is not in any record', async () => {
    const property = fc.asyncProperty(fc.constantFrom(...Object.keys(WAYS)), planted, async (way, answer) => {
      const { tag, lines, told } = memory();
      WAYS[way]?.(tag, answer as never, { feature_id: 'chat', provider: 'p', model: 'm' } as never);
      await tag.flush();
      expect(JSON.stringify([lines, told])).not.toContain('PLANTED');
      expect(tag.problems().bug).toBe(0);
    });
    await fc.assert(property, { numRuns: 3000 });
  });
});

describe('the reader of usage logs', () => {
  it('takes every line of any answers and tags, but for a provider or model that nobody told', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme', maxLength: 600 }),
      fc.constantFrom('hit', 'PEAK', ''),
    );
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.bigInt(),
      fc.date({ noInvalidDate: false }),
      planted,
    );
    const tags = fc.dictionary(fc.constantFrom(...USAGE_FIELDS), value, { maxKeys: 12 });
    const samples = fc.sample(fc.tuple(fc.constantFrom(...Object.keys(WAYS)), planted, tags), { numRuns: 4000, seed: 7 });
    const { tag, lines } = memory();
    for (const [way, answer, more] of samples) WAYS[way]?.(tag, answer as never, more as never);
    await tag.flush();
    expect(lines.length).toBeGreaterThan(2000);
    await using company = await Company.make({ 'logs/a.jsonl': lines.map((line) => `${line}\n`).join('') });
    const rows = await company.ask(
      [usage({ files: ['logs/*.jsonl'], tokens: 'exclusive' })],
      'SELECT reject, count(*) AS n FROM raw.usage_event GROUP BY reject ORDER BY reject',
    );
    const untold = readable(lines).filter((record) => record['provider'] === undefined).length;
    const counted = Object.fromEntries(rows.map(({ reject, n }) => [reject ?? 'read', Number(n)]));
    expect(Object.keys(counted).sort()).toEqual(['missing_model', 'missing_provider', 'read']);
    expect(counted['missing_provider']).toBe(untold);
    expect(Object.values(counted).reduce((sum, n) => sum + n)).toBe(lines.length);
  });
});
