// Spans as the file exporter of a collector writes them, for tests.

export type Value = string | number | boolean;

export interface SpanShape {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly start?: string;
  readonly end?: string;
  readonly error?: boolean;
  readonly attributes?: Readonly<Record<string, Value>>;
}

export const TRACE = '5b8efff798038103d269b633813fc60c';

/** A whole number is text there, as protobuf has it in JSON. */
export function attributesOf(values: Readonly<Record<string, Value>>): readonly unknown[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Value): unknown {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'string') return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export function span({ traceId = TRACE, spanId, parentSpanId, start, end, error, attributes = {} }: SpanShape): unknown {
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId ?? '',
    name: 'a span',
    kind: 3,
    startTimeUnixNano: start ?? '1782864000000000000',
    endTimeUnixNano: end ?? '1782864001500000000',
    attributes: attributesOf(attributes),
    status: error === true ? { code: 2 } : {},
  };
}

/** One line: spans of one resource. */
export function request(spans: readonly unknown[], resource: Readonly<Record<string, Value>> = {}): string {
  const scope = { name: 'instrumentation', version: '1' };
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope, spans }] }],
  });
}

export function chat(spanId: string, more: SpanShape = {}): unknown {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.response.model': 'gpt-5-mini',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 10,
    ...more.attributes,
  };
  return span({ spanId, ...more, attributes });
}
