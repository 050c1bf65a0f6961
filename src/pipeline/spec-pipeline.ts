// What a pipeline YAML may say. Shapes and single values only; checks that compare values are in the reading modules.
import { z } from 'zod';
import { USAGE_FIELDS } from '../kernel/usage-fields.js';
import { USAGE_FORMATS } from '../kernel/usage-formats.js';
import {
  anyText,
  atOnce,
  currency,
  day,
  daysKept,
  id,
  lookBack,
  minutes,
  month,
  provider,
  runsKept,
  scanBudget,
  text,
  url,
  version,
} from './fields.js';
import { anthropicCostsPull, anthropicUsagePull, focusPull, openAiCostsPull, openAiUsagePull } from './spec-pull.js';
import { jsonLines, jsonPull } from './spec-json.js';
import { chargeback } from './spec-chargeback.js';
import { limits } from './spec-limits.js';

const OUTSIDE = 'leads out of the company folder → keep it below `root`, written with `/` and without `..`';

function staysInside(path: string): boolean {
  return !/^([/~]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)|\\|(^|\/)\.\.(\/|$)/.test(path);
}

const path = text.refine(staysInside, OUTSIDE);

/** Keys of objects have plain segments, as no server agrees with another on the rest. */
const S3_PATTERN = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/(?!\.{1,2}(\/|$))[^/\\\p{Cc}]+)+\/?$/u;

const NOWHERE =
  'is nothing that a source can read → name files below `root`, or objects as s3://bucket/key, without `..` and `//`';

/** Below the company folder, or in a bucket. */
const delivered = text.refine((value) => (value.includes('://') ? S3_PATTERN.test(value) : staysInside(value)), {
  error: ({ input }) => (String(input).includes('://') ? NOWHERE : OUTSIDE),
});

/** `builtin:<file>` is a file of the package's own price books. */
const bookPath = text.refine((value) => staysInside(value.replace(/^builtin:/, '')), OUTSIDE);

const paths = z.array(delivered).min(1, 'lists no files → name at least one file or pattern');

const region = text
  .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'is not a region → write it as eu-central-1')
  .optional()
  .describe('Left out: as the environment says (AWS_REGION).');

const s3Server = {
  endpoint: url.optional().describe('Of a server that speaks S3. Left out: the one of the region.'),
  path_style: z.boolean().default(false).describe('Buckets in the path instead of the host name.'),
};

/** How objects are reached that `s3://` patterns name. */
const server = z
  .strictObject({ region, ...s3Server })
  .optional()
  .describe('How objects are reached that `files` or `path` names.');

const bill = {
  id: id.describe('Unique name of this source.'),
  role: z.enum(['money', 'evidence']).default('money').describe('`money` reaches the statement; `evidence` only feeds controls.'),
  provider: provider.describe('Equal to the provider that usage events carry.'),
  account: text.optional().describe('Billing account. Left out: this is the only bill of its provider.'),
  covers_usage: z
    .boolean()
    .default(true)
    .describe('Where this bill covers logged usage, features bear the billed amount and not the rated one.'),
  leaves_out: z
    .strictObject({ service_tiers: z.array(text) })
    .optional()
    .describe('Service tiers that this bill does not contain.'),
  feature_tag: text.optional().describe('Key of the tag that names the feature.'),
  s3: server,
};

const usageSource = z.strictObject({
  kind: z.literal('usage'),
  id: bill.id,
  s3: server,
  files: paths.describe('Patterns below the company folder, and of objects: s3://bucket/logs/dt=*/*.jsonl.gz.'),
  format: z
    .enum(USAGE_FORMATS)
    .default('by-extension')
    .describe('How files are written, or whose records they hold: those of litellm, langfuse, helicone and otlp need no map.'),
  map: z.partialRecord(z.enum(USAGE_FIELDS), text).default({}).describe('Canonical field → field of the log.'),
  constants: z
    .partialRecord(z.enum(USAGE_FIELDS), anyText)
    .default({})
    .describe('Canonical field → value where the log has none.'),
  tokens: z
    .enum(['inclusive', 'exclusive'])
    .optional()
    .describe('`inclusive`: input_tokens contains cached tokens. Left out: as `format` has them, else `exclusive`.'),
  stated_cost: z
    .enum(['ignore', 'provider'])
    .default('ignore')
    .describe("`provider`: stated_cost is the provider's own figure and beats the computed one."),
});

const focusSource = z.strictObject({
  kind: z.literal('focus'),
  ...bill,
  basis: z.enum(['billed', 'effective']).default('effective'),
  layout: z.enum(['files', 'aws-export', 'azure-export']).default('files'),
  files: paths.optional().describe('With `layout: files`.'),
  path: delivered
    .optional()
    .describe(
      'With `layout: aws-export`: the folder that holds data/ and metadata/; with `azure-export`: the one that holds a folder for each month. Here or in a bucket.',
    ),
  pull: focusPull,
  version: version.default('detect'),
});

const curSource = z.strictObject({
  kind: z.literal('aws-cur'),
  ...bill,
  basis: z.enum(['billed', 'effective']).default('effective'),
  layout: z.enum(['files', 'aws-export', 'aws-cur-legacy']).default('files'),
  files: paths.optional().describe('With `layout: files`.'),
  path: delivered
    .optional()
    .describe(
      'With `layout: aws-export` (CUR 2.0): the folder that holds data/ and metadata/; with `aws-cur-legacy`: the one that holds a folder for each month. Here or in a bucket.',
    ),
});

const billedOnly = z
  .literal('billed', { error: 'is not a column of this kind of bill → it has billed amounts only; leave `basis` out' })
  .default('billed');

const dump = { ...bill, basis: billedOnly, files: paths };

const pages = paths.optional().describe('Pages in files, in place of `pull`.');

const pulledDump = { ...bill, basis: billedOnly, files: pages };

const billedUsage = {
  id: bill.id,
  provider: bill.provider,
  account: text.optional().describe('Account that it tells of. Left out: all of the provider.'),
  files: pages,
  s3: server,
};

const invoiceCsv = z
  .strictObject({
    delimiter: z.enum([',', ';', '\t', '|']).default(','),
    encoding: z.enum(['utf8', 'utf16le', 'latin1']).default('utf8'),
    decimal: z.enum(['.', ',']).default('.'),
    date_format: text.default('yyyy-MM-dd').describe('date-fns pattern.'),
  })
  .prefault({});

const invoiceColumns = z.strictObject({
  invoice_id: text,
  period_start: text,
  period_end: text,
  item: text,
  amount: text,
  description: text.optional(),
  quantity: text.optional(),
  unit: text.optional(),
  currency: text.optional(),
  charge_start: text.optional(),
  charge_end: text.optional(),
  category: text.optional(),
});

const invoiceSource = z.strictObject({
  kind: z.literal('invoice-csv'),
  ...dump,
  csv: invoiceCsv,
  columns: invoiceColumns.describe('Canonical column → header in the file.'),
  currency: currency.optional().describe('Where no column carries it.'),
  total: z
    .strictObject({ column: text, equals: text })
    .optional()
    .describe('The line that prints the total: left out, and checked.'),
});

export const sourceSpec = z.discriminatedUnion('kind', [
  usageSource,
  focusSource,
  curSource,
  z.strictObject({ kind: z.literal('openai-costs'), ...pulledDump, pull: openAiCostsPull }),
  z.strictObject({ kind: z.literal('anthropic-costs'), ...pulledDump, pull: anthropicCostsPull }),
  z.strictObject({ kind: z.literal('openai-usage'), ...billedUsage, pull: openAiUsagePull }),
  z.strictObject({ kind: z.literal('anthropic-usage'), ...billedUsage, pull: anthropicUsagePull }),
  invoiceSource,
  z.strictObject({ kind: z.literal('json-costs'), ...pulledDump, pull: jsonPull, ...jsonLines }),
]);

const retention = z
  .strictObject({
    runs: runsKept.default(14).describe('Published runs that stay, the current one among them; 14 where left out.'),
    deliveries_days: daysKept
      .default(90)
      .describe(
        'Days that a delivery stays in landing after a newer one replaced it; 90 where left out. The newest always stays.',
      ),
  })
  .prefault({});

const s3Folder = text.regex(
  /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/(?!\.{1,2}(\/|$))[A-Za-z0-9!_.*'()=+@-]+)*\/?$/,
  'is not a folder of a bucket → write s3://bucket/folder/, without `..` and `//`',
);

const catalogName = text.regex(
  /^[a-z_][a-z0-9_]{0,126}$/,
  'is not the name of a database → use lower case letters, digits and _, beginning with a letter',
);

const athena = {
  workgroup: text.regex(/^[A-Za-z0-9._-]{1,128}$/, 'is not the name of a workgroup → use letters, digits and . _ -'),
  database: catalogName.describe('Of the Glue catalogue. Tables and views of this pipeline lie in it.'),
};

const athenaEngine = z.strictObject({
  kind: z.literal('athena'),
  ...athena,
  output: s3Folder.describe('Where the tables of runs lie. Nothing else may.'),
  region,
  endpoint: url.optional().describe('Of a server that speaks the protocol of Athena. Left out: the one of the region.'),
  s3: z.strictObject(s3Server).prefault({}),
  scan_budget_gb: scanBudget.optional().describe('A run that would scan more stops. Left out: no limit of its own.'),
  concurrency: atOnce.default(5).describe('Queries at once; below the quota of the account.'),
  deadline_minutes: minutes.default(30).describe('A query that takes longer is stopped.'),
});

const engine = z
  .discriminatedUnion('kind', [z.strictObject({ kind: z.literal('duckdb') }), athenaEngine])
  .prefault({ kind: 'duckdb' });

const publish = z.strictObject({
  s3: s3Folder.describe('Where runs are published besides `out`: marts as Parquet by month, one manifest that is swapped.'),
  region,
  ...s3Server,
  keep_days: daysKept.default(30).describe('Days that a run stays there after a newer one took its place; the last three stay.'),
  athena: z
    .strictObject({ ...athena, endpoint: url.optional() })
    .optional()
    .describe('Where the marts are registered as tables and views.'),
});

export const pipelineSpec = z.strictObject({
  name: id,
  root: text.default('.').describe('The company folder, relative to this file.'),
  currency: currency.describe('Reporting currency: everything is in it, at the rates of `registry.fx`.'),
  start: month.describe('First month.'),
  as_of: day.optional().describe('Pins the last day of evidence. Left out: yesterday (UTC).'),
  look_back: lookBack
    .optional()
    .describe(
      'Months before that of the as-of day that a run recomputes; earlier ones stay as published. Left out: every month.',
    ),
  state: path.default('.showback'),
  out: path.default('out'),
  retention: retention.describe('What stays when `showback gc` collects; publishing keeps as many runs.'),
  engine: engine.describe('Where models are built. Left out: here, on the embedded engine.'),
  publish: publish.optional().describe('Where a run is published besides `out`.'),
  tags: z.array(z.enum(['customer_id'])).default(['customer_id']),
  registry: z.strictObject({
    features: path,
    fixed_costs: path.optional(),
    rules: path.optional(),
    sku_map: z.array(bookPath).default([]),
    skus: z.array(bookPath).default([]),
    aliases: z.array(bookPath).default([]),
    fx: z.array(bookPath).default([]).describe('Rates of months: other currencies count in the reporting one at these.'),
    invoices: z.array(bookPath).default([]),
    revenue: z.array(bookPath).default([]),
  }),
  prices: z.strictObject({ negotiated: z.array(bookPath).default([]), list: z.array(bookPath).default([]) }).prefault({}),
  sources: z.array(sourceSpec).min(1, 'is empty → name at least one source'),
  chargeback,
  ...limits,
});

export type SourceSpec = z.output<typeof sourceSpec>;
export type PipelineSpec = z.output<typeof pipelineSpec>;
