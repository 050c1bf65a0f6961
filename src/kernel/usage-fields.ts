// The fields of the canonical usage event: what a log is mapped to, and what the lake has as columns.
import { METERS } from './meters.js';

export const USAGE_FIELDS = [
  'event_id',
  'event_time',
  'recorded_at',
  'call_id',
  'attempt',
  'run_id',
  'workflow_id',
  'operation',
  'provider',
  'account_id',
  'model',
  'region',
  'service_tier',
  'batch',
  'cache',
  'status',
  'feature_id',
  'customer_id',
  'team_id',
  'environment',
  'principal_id',
  'tool_name',
  'route',
  'workload_class',
  'sample_rate',
  'run_ms',
  'queue_ms',
  ...METERS,
  'stated_cost',
] as const;

export type UsageField = (typeof USAGE_FIELDS)[number];
