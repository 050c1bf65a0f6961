// The company that is measured: its pipeline, registry, prices and bills. Small beside its logs, and whole enough for every layer to work.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export const FEATURES = 20;
export const CUSTOMERS = 40;

/** Provider, model, share of the calls in thousandths. The last one embeds. */
export const MODELS = [
  ['openai', 'gpt-5', 150],
  ['openai', 'gpt-5-mini', 350],
  ['anthropic', 'claude-sonnet-4-5', 200],
  ['anthropic', 'claude-haiku-4-5', 150],
  ['openai', 'text-embedding-3-small', 150],
] as const;

export interface CompanyRequest {
  /** Month. */
  readonly start: string;
  readonly asOf: string;
  readonly features: number;
  /** 0: nothing is allocated to customers. */
  readonly customers: number;
}

/** Returns the pipeline file. */
export async function writeCompany(dir: string, { start, asOf, features, customers }: CompanyRequest): Promise<string> {
  const files: Readonly<Record<string, string>> = {
    'pipeline.yaml': pipeline(start, asOf, customers),
    'features.yaml': ['features:', ...numbers(features).map(feature), ''].join('\n'),
    'rules.yaml': RULES,
    'prices/negotiated.csv': NEGOTIATED,
    'bills/cluster.csv': bill(start, asOf),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return join(dir, 'pipeline.yaml');
}

function pipeline(start: string, asOf: string, customers: number): string {
  return `name: bench
currency: USD
start: ${start}
as_of: ${asOf}
state: .showback
out: out
tags: [${customers > 0 ? 'customer_id' : ''}]
registry: { features: features.yaml, rules: rules.yaml, aliases: ["builtin:aliases.csv"] }
prices: { negotiated: [prices/negotiated.csv], list: ["builtin:list.csv"] }
sources:
  - { id: gateway, kind: usage, files: ["logs/*"] }
  - id: cluster
    kind: invoice-csv
    provider: cluster
    files: ["bills/cluster.csv"]
    columns: { invoice_id: invoice, period_start: from, period_end: to, item: item, quantity: quantity, amount: amount }
    currency: USD
`;
}

const RULES = `rules:
  - pool: vector-store
    match: { provider: cluster, item: "Vector store" }
    method: by
    driver: embedding_tokens
    within: [[day], [month]]
  - { pool: cluster, match: { provider: cluster }, method: by, driver: rated_cost, within: [[day], [month]] }
`;

const NEGOTIATED = `provider,sku,meter,unit,price,currency,tier,valid_from,source,note
openai,gpt-5-mini,input_tokens,1M,0.20,USD,,2026-01-01,contract,
openai,gpt-5-mini,cache_read_tokens,1M,0.02,USD,,2026-01-01,contract,
openai,gpt-5-mini,output_tokens,1M,1.80,USD,,2026-01-01,contract,
openai,gpt-5-mini,input_tokens,1M,0.18,USD,,2026-09-15,contract,
openai,gpt-5-mini,cache_read_tokens,1M,0.018,USD,,2026-09-15,contract,
openai,gpt-5-mini,output_tokens,1M,1.62,USD,,2026-09-15,contract,
`;

function feature(number: number): string {
  const team = `team-${String(number % 6)}`;
  return `  - { id: ${featureId(number)}, name: Feature ${String(number)}, team: ${team}, cost_center: CC-${String(number % 4)}, category: product, owners: { feature: Ann Lee } }`;
}

export function featureId(number: number): string {
  return `feature-${String(number).padStart(2, '0')}`;
}

function bill(start: string, asOf: string): string {
  const lines = ['invoice,from,to,item,quantity,amount'];
  for (let month = start; month <= asOf.slice(0, 7); month = next(month)) {
    const period = `${month}-01,${lastDay(month)}`;
    lines.push(`C-${month},${period},GPU cluster,3,30000.00`, `C-${month},${period},Vector store,1,1234.56`);
  }
  return `${lines.join('\n')}\n`;
}

function next(month: string): string {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 1)).toISOString().slice(0, 7);
}

function lastDay(month: string): string {
  return new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)), 0)).toISOString().slice(0, 10);
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}
