// Whatever the tree of spans, and in whatever order and lines they were written: the tokens of each innermost call are counted once, those of
// the spans around it never, and each has the tags of the nearest span above it that has any.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Company, usage } from '../contract/company.js';
import { request, span, type Value } from '../unit/warehouse/spans.js';

type Kind = 'chat' | 'agent' | 'embeddings' | 'tool' | 'other';

interface Node {
  readonly kind: Kind;
  readonly tokens: number;
  readonly feature: string | null;
  /** Which of the earlier nodes it is below; none where it is the root of a trace. */
  readonly above: number | null;
}

const OPERATIONS: Readonly<Record<Kind, string>> = {
  chat: 'chat',
  agent: 'invoke_agent',
  embeddings: 'embeddings',
  tool: 'execute_tool',
  other: 'retrieval_without_tokens',
};

const node = fc.record({
  kind: fc.constantFrom<Kind>('chat', 'chat', 'agent', 'embeddings', 'tool', 'other'),
  tokens: fc.integer({ min: 1, max: 1000 }),
  feature: fc.constantFrom(null, null, 'chat', 'search'),
  above: fc.option(fc.nat(), { freq: 4 }),
});

const trees = fc
  .array(node, { minLength: 1, maxLength: 25 })
  .map((nodes) => nodes.map((each, at): Node => ({ ...each, above: at === 0 || each.above === null ? null : each.above % at })));

function rootOf(nodes: readonly Node[], at: number): number {
  const above = nodes[at]?.above ?? null;
  return above === null ? at : rootOf(nodes, above);
}

function pathUp(nodes: readonly Node[], at: number): readonly number[] {
  const above = nodes[at]?.above ?? null;
  return above === null ? [at] : [at, ...pathUp(nodes, above)];
}

function written(nodes: readonly Node[], at: number): unknown {
  const { kind, tokens, feature, above } = nodes[at] ?? { kind: 'other', tokens: 0, feature: null, above: null };
  const attributes: Record<string, Value> = { 'gen_ai.operation.name': OPERATIONS[kind] };
  if (feature !== null) attributes['feature_id'] = feature;
  if (kind !== 'other') attributes['gen_ai.usage.input_tokens'] = tokens;
  if (kind === 'chat' || kind === 'embeddings')
    Object.assign(attributes, { 'gen_ai.provider.name': 'openai', 'gen_ai.response.model': 'm' });
  return span({
    traceId: `f${rootOf(nodes, at)}`,
    spanId: `a${at}`,
    ...(above === null ? {} : { parentSpanId: `a${above}` }),
    attributes,
  });
}

/** By walking the tree. */
function expected(nodes: readonly Node[]): readonly string[] {
  const isOuter = (at: number): boolean =>
    nodes.some((other, below) => below !== at && other.kind === nodes[at]?.kind && pathUp(nodes, below).includes(at));
  return nodes
    .flatMap(({ kind, tokens }, at) => {
      if ((kind !== 'chat' && kind !== 'embeddings') || isOuter(at)) return [];
      const feature = pathUp(nodes, at)
        .map((above) => nodes[above]?.feature ?? null)
        .find((each) => each !== null);
      return [`f${rootOf(nodes, at)}-a${at} ${kind} ${tokens} ${feature ?? '-'}`];
    })
    .toSorted((a, b) => (a < b ? -1 : 1));
}

it('counts each innermost call once, in any order of lines', { timeout: 120_000 }, async () => {
  const cases = trees.chain((nodes) =>
    fc.record({
      nodes: fc.constant(nodes),
      order: fc.shuffledSubarray(
        nodes.map((_, at) => at),
        { minLength: nodes.length },
      ),
      perLine: fc.integer({ min: 1, max: 5 }),
      again: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ nodes, order, perLine, again }) => {
      const lines: string[] = [];
      for (let at = 0; at < order.length; at += perLine)
        lines.push(request(order.slice(at, at + perLine).map((id) => written(nodes, id))));
      const all = again ? [...lines, ...lines.toReversed()] : lines;
      await using company = await Company.make({ 'logs/traces.jsonl': all.join('\n') });
      const rows = await company.askLogged(
        usage({ format: 'otlp', tokens: 'inclusive' }),
        `SELECT DISTINCT concat_ws(' ', event_id, CASE operation WHEN 'embedding' THEN 'embeddings' ELSE operation END,
           coalesce(input_tokens, embedding_tokens), coalesce(feature_id, '-')) AS told FROM logged WHERE reject IS NULL`,
      );
      expect(rows.map(({ told }) => told ?? '').toSorted((a, b) => (a < b ? -1 : 1))).toEqual(expected(nodes));
    }),
    { numRuns: 20 },
  );
});
