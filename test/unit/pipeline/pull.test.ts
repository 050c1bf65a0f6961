// What a pipeline file says of pulls, as sources get it.
import { describe, expect, test } from 'vitest';
import { edit, problemsOf, read } from './company.js';

const KEYED = 'key: { env: KEY }';
const DECLARED = 'url: https://api.example/lines, query: { start: "{from}" }';
const LINES = ', map: { charge_start: day, amount: cost }, constants: { currency: USD }';

const KINDS = [
  ['openai-costs', 'another', KEYED, ''],
  ['anthropic-costs', 'anthropic', KEYED, ''],
  ['openai-usage', 'openai', KEYED, ''],
  ['anthropic-usage', 'anthropic', KEYED, ''],
  ['json-costs', 'vendor', DECLARED, LINES],
] as const;

describe.each(KINDS)('`requests_per_minute` of %s', (kind, provider, asked, more) => {
  const withSource = (limit: string) =>
    edit(
      'pipeline.yaml',
      'sources:\n',
      `sources:\n  - { id: pulled, kind: ${kind}, provider: ${provider}, account: pulled, pull: { ${asked}${limit} }${more} }\n`,
    );
  const limitOf = async (limit: string) => {
    const { sources } = await read(withSource(limit));
    const source = sources.find(({ id }) => id === 'pulled');
    return source !== undefined && 'pull' in source ? source.pull?.requestsPerMinute : null;
  };

  test('is what the source gets', async () => {
    expect(await limitOf(', requests_per_minute: 30')).toBe(30);
    expect(await limitOf('')).toBeUndefined();
  });

  test.each(['0', '1.5', '60001', 'many'])('is refused where it is %s', async (value) => {
    const [problem, ...others] = await problemsOf(withSource(`, requests_per_minute: ${value}`));
    expect(problem?.message).toContain('requests_per_minute');
    expect(problem?.place?.file).toContain('pipeline.yaml');
    expect(others).toEqual([]);
  });
});
