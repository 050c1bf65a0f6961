// Attributes of spans → canonical fields: the names of the OpenTelemetry GenAI conventions, then older ones that are still written.
import type { UsageField } from '../kernel/usage-fields.js';

/** First found first. `showback.<field>` beats them for every field. */
export const SPAN_ATTRIBUTES: Readonly<Partial<Record<UsageField, readonly string[]>>> = {
  operation: ['gen_ai.operation.name', 'llm.request.type', 'traceloop.span.kind'],
  provider: ['gen_ai.provider.name', 'gen_ai.system'],
  // What answered is charged for, not what was asked for.
  model: ['gen_ai.response.model', 'gen_ai.request.model', 'llm.response.model', 'llm.request.model'],
  tool_name: ['gen_ai.tool.name'],
  service_tier: ['openai.response.service_tier', 'gen_ai.openai.response.service_tier'],
  feature_id: ['feature_id', 'feature.id', 'feature'],
  customer_id: ['customer_id', 'customer.id', 'tenant_id', 'tenant.id'],
  team_id: ['team_id', 'team.id', 'team'],
  workflow_id: ['workflow_id', 'gen_ai.workflow.name', 'traceloop.workflow.name'],
  run_id: ['run_id'],
  stated_cost: ['gen_ai.usage.cost'],
  environment: ['deployment.environment.name', 'deployment.environment'],
  route: ['http.route'],
  input_tokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.usage.prompt_tokens'],
  output_tokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.usage.completion_tokens'],
  cache_read_tokens: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.cached_input_tokens',
    'llm.usage.cache_read_input_tokens',
  ],
  cache_write_tokens: [
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'llm.usage.cache_creation_input_tokens',
  ],
};

/** What a span without it takes from the nearest span above it. */
export const INHERITED: readonly UsageField[] = [
  'feature_id',
  'customer_id',
  'team_id',
  'workflow_id',
  'run_id',
  'environment',
  'route',
];

/** Counted on inference alone: a span of a tool may sum what was asked of models below it. */
export const TOKENS: readonly UsageField[] = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
];

/** Written where something is asked of a model. Others count as such where they have tokens. */
export const INFERENCE: readonly string[] = ['chat', 'generate_content', 'text_completion', 'completion'];

export const EMBEDDING: readonly string[] = ['embeddings', 'embedding'];

export const TOOL: readonly string[] = ['execute_tool', 'tool'];

/** Spans around others, whose tokens they may repeat. */
export const AROUND: readonly string[] = ['invoke_agent', 'create_agent', 'invoke_workflow', 'plan', 'agent', 'workflow', 'task'];
