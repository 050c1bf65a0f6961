// Keys of logs that people have → the fields of a usage event.
import { describe, expect, it } from 'vitest';
import { keysOf } from '../../../src/init/usage.js';
import { missingIn, shapeOf } from '../../../src/init/usage-map.js';
import { parseJson, type JsonObject } from '../../../src/source/json-text.js';

const of = (...records: readonly object[]) =>
  shapeOf(keysOf(records.map((record) => parseJson(JSON.stringify(record)) as JsonObject)));

describe('a map', () => {
  it('is empty for canonical names', () => {
    expect(
      of({
        event_id: 'e',
        event_time: '2026-08-01T00:00:00Z',
        provider: 'p',
        model: 'm',
        feature_id: 'f',
        input_tokens: 1,
        cache_read_tokens: 2,
      }),
    ).toMatchObject({
      map: {},
      tokens: 'exclusive',
      guesses: [],
    });
  });

  it('tells the keys that nothing takes, and neither money nor what is read under its own name', () => {
    const record = { timestamp: '2026-08-01T00:00:00Z', model: 'm', batch: true, cost: 1, colour: 'a', nested: { shard: 3 } };
    const shape = of(record);
    expect([shape.moneyKey, shape.unread]).toEqual(['cost', ['colour', 'nested.shard']]);
  });

  it('knows OpenTelemetry names with dots of their own, and that their input holds the cached tokens', () => {
    const span = {
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-5',
      'gen_ai.response.model': 'gpt-5-2025',
      'gen_ai.usage.input_tokens': 10,
      'gen_ai.usage.cache_read.input_tokens': 4,
      'gen_ai.usage.output_tokens': 2,
      timestamp: 1_785_751_200,
    };
    expect(of(span)).toMatchObject({
      map: {
        event_time: 'timestamp',
        provider: 'gen_ai.provider.name',
        model: 'gen_ai.response.model',
        input_tokens: 'gen_ai.usage.input_tokens',
        cache_read_tokens: 'gen_ai.usage.cache_read.input_tokens',
        output_tokens: 'gen_ai.usage.output_tokens',
      },
      tokens: 'inclusive',
    });
  });

  it('does not take a key whose path cannot be written', () => {
    expect(of({ time: '2026-08-01', model: 'm', attributes: { 'app.feature': 'x', feature: 'y' } }).map.feature_id).toBe(
      'attributes.feature',
    );
    expect(of({ time: '2026-08-01', model: 'm', attributes: { 'app.feature': 'x' } }).map.feature_id).toBeUndefined();
  });

  it('takes the classes of cache writes before their sum', () => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 9,
      cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 },
    };
    expect(of({ time: '2026-08-01', model: 'claude', usage }).map).toMatchObject({
      cache_write_tokens: 'usage.cache_creation.ephemeral_5m_input_tokens',
      cache_write_1h_tokens: 'usage.cache_creation.ephemeral_1h_input_tokens',
    });
  });

  it('sends a key elsewhere whose values would refuse their records', () => {
    const { map } = of({
      event_time: '2026-08-01',
      model: 'm',
      tool_calls: [{ a: 1 }],
      batch: 'b-1',
      cache: 'warm',
      images: null,
    });
    expect(map).toEqual({ tool_calls: '(not read)', batch: '(not read)', cache: '(not read)' });
  });

  it('calls a feature by another word a guess, and cost what is not read', () => {
    const shape = of({ ts: '2026-08-01 10:00:00', app: 'x', app_model: 'm', cost: '0.1' });
    expect([shape.map, shape.guesses, shape.moneyKey]).toEqual([
      { event_time: 'ts', feature_id: 'app', model: 'app_model' },
      ['model', 'feature_id'],
      'cost',
    ]);
  });

  it.each([
    [{ model: 'm', feature: 'f' }, 'no key holds a time'],
    [{ time: 'noon', model: 'm' }, 'no key holds a time'],
    [{ time: '2026-08-01', text: 'hello' }, 'no key names a model, a feature or a quantity'],
    [{ time: '2026-08-01', model: 'm' }, null],
  ])('of %j lacks: %s', (record, missing) => {
    const keys = keysOf([parseJson(JSON.stringify(record)) as JsonObject]);
    expect(missingIn(shapeOf(keys), keys)).toBe(missing);
  });
});
