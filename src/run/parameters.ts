// The pipeline as rows of the `run` tables: parameters are data, so a model reads the same text on every engine.
import type { Place } from '../kernel/failure.js';
import { type Day, firstDay, type Month, monthOf } from '../kernel/period.js';
import type { AliasRow, Chargeback, FixedCost, Pipeline, PriceRow, SourceConfig } from '../pipeline/pipeline.js';
import type { Cell } from '../warehouse/warehouse.js';
import { likePattern, type ParameterTables, ruleTables } from './rule-parameters.js';

export type { ParameterTables } from './rule-parameters.js';

export interface Period {
  readonly asOf: Day;
  readonly firstMonth: Month;
  readonly lastMonth: Month;
}

function placeText({ file, line = 1 }: Place): string {
  return `${file}:${line}`;
}

/** Every `run` table but `level`, `landed_file` and `control_total`, which the run itself fills. */
export function parameterTables(pipeline: Pipeline, period: Period): ParameterTables {
  return {
    'run.period': [periodRow(pipeline, period)],
    'run.currency': currencyRows(),
    ...sourceTables(pipeline),
    ...registryTables(pipeline),
    ...ruleTables(pipeline, monthOf(period.asOf)),
    ...bookTables(pipeline),
    ...limitTables(pipeline),
    ...chargebackTables(pipeline),
  };
}

export function periodRow(pipeline: Pipeline, period: Period): Record<string, Cell> {
  return {
    as_of: period.asOf,
    first_month: firstDay(period.firstMonth),
    last_month: firstDay(period.lastMonth),
    start_month: firstDay(pipeline.start),
    currency: pipeline.currency,
    keeps_customer: String(pipeline.tags.includes('customer_id')),
  };
}

/** Minor units as the platform's own currency data has them. */
function currencyRows(): readonly Record<string, Cell>[] {
  return Intl.supportedValuesOf('currency').map((currency) => {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
    return { currency, minor_exponent: String(format.maximumFractionDigits ?? 2) };
  });
}

function sourceTables(pipeline: Pipeline): ParameterTables {
  const leftOut = pipeline.sources.flatMap((source) =>
    'leavesOutServiceTiers' in source
      ? source.leavesOutServiceTiers.map((tier) => ({ source_id: source.id, service_tier: tier }))
      : [],
  );
  return { 'run.source': pipeline.sources.map(sourceRow), 'run.source_left_out': leftOut };
}

function sourceRow(source: SourceConfig): Record<string, Cell> {
  const row = { source_id: source.id, kind: source.kind, covers_usage: 'false', stated_cost: 'false' };
  if (source.kind === 'usage') return { ...row, stated_cost: String(source.statedCost === 'provider') };
  const billed = { ...row, provider: source.provider, account: source.account };
  if (!('role' in source)) return billed;
  const { role, basis, coversUsage, featureTag } = source;
  return { ...billed, role, basis, covers_usage: String(coversUsage), feature_tag: featureTag };
}

function registryTables(pipeline: Pipeline): ParameterTables {
  const { features, mappings, fixedCosts, revenue } = pipeline.registry;
  return {
    'run.feature': features.map((feature) => ({
      feature_id: feature.featureId,
      kind: feature.kind,
      name: feature.name,
      team: feature.team,
      cost_center: feature.costCenter,
      category: feature.category,
      place: placeText(feature.place),
    })),
    'run.feature_owner': features.flatMap(({ featureId, owners }) =>
      owners.map(({ role, owner, validFrom, validTo }) => ({
        feature_id: featureId,
        role,
        owner,
        valid_from: validFrom,
        valid_to: validTo,
      })),
    ),
    'run.feature_mapping': mappings.map((mapping) => ({
      kind: mapping.kind,
      value: mapping.value,
      feature_id: mapping.featureId,
    })),
    'run.revenue': revenue.map((row) => ({
      month: firstDay(row.month),
      feature_id: row.featureId,
      amount: row.amount,
      source: row.source,
    })),
    'run.fixed_cost': fixedCosts.map(fixedCostRow),
    'run.fixed_cost_change': fixedCosts.flatMap(changeRows),
  };
}

function fixedCostRow(entry: FixedCost): Record<string, Cell> {
  const base = {
    entry_id: entry.entryId,
    description: entry.description,
    kind: entry.terms.kind,
    provider: entry.provider,
    currency: entry.currency,
    has_bill: String(entry.bill !== null),
  };
  const { terms } = entry;
  if (terms.kind === 'recurring') {
    return { ...base, monthly_amount: terms.monthlyAmount, valid_from: terms.from, valid_through: terms.through };
  }
  return { ...base, cost: terms.cost, in_service_on: terms.inServiceOn, horizon_months: String(terms.horizonMonths) };
}

function changeRows(entry: FixedCost): readonly Record<string, Cell>[] {
  if (entry.terms.kind === 'recurring') return [];
  return entry.terms.changes.map((change) => ({
    entry_id: entry.entryId,
    changed_on: change.on,
    kind: change.kind,
    proceeds: change.kind === 'disposal' ? change.proceeds : null,
    horizon_months: change.kind === 'horizon' ? String(change.horizonMonths) : null,
  }));
}

function bookTables(pipeline: Pipeline): ParameterTables {
  return {
    'run.price': pipeline.prices.map(priceRow),
    'run.alias': aliasRows(pipeline.aliases),
    'run.sku': pipeline.skus.map((sku) => ({ provider: sku.provider, sku: sku.sku, charged_by: sku.chargedBy })),
    'run.sku_map': pipeline.skuMap.map((row) => ({
      provider: row.provider,
      item: likePattern(row.item),
      exact: String(!row.item.includes('*')),
      sku: row.sku,
      meter: row.meter,
      cause: row.cause,
      factor: row.factor,
    })),
    'run.fx': pipeline.fx.map((row) => ({
      month: firstDay(row.month),
      from_currency: row.from,
      to_currency: row.to,
      rate: row.rate,
      source: row.source,
    })),
    'run.invoice': pipeline.invoices.map((row) => ({
      provider: row.provider,
      invoice_id: row.invoiceId,
      billing_month: firstDay(row.billingMonth),
      total: row.total,
      currency: row.currency,
    })),
  };
}

function limitTables(pipeline: Pipeline): ParameterTables {
  return {
    'run.variance_tolerance': pipeline.variance.map((row, at) => ({
      place: String(at + 1),
      provider: likePattern(row.provider),
      amount: row.amount,
      ratio: row.ratio,
      on_breach: row.onBreach,
    })),
    'run.close_limit': [{ coverage: pipeline.close.coverage, unallocated: pipeline.close.unallocated }],
    'run.accept_unpriced': pipeline.acceptUnpriced.map((row) => ({
      provider: row.provider,
      sku: row.sku,
      reason: row.reason,
      expires_on: row.expiresOn,
    })),
  };
}

function chargebackTables({ name, chargeback }: Pipeline): ParameterTables {
  const rows = chargeback === null ? [] : [chargebackRow(name, chargeback)];
  return {
    'run.chargeback': rows,
    'run.chargeback_account': (chargeback?.expenseAccounts ?? []).map(({ category, account }) => ({ category, account })),
  };
}

function chargebackRow(pipeline: string, { by, expenseAccount, clearingAccount, costCenter }: Chargeback): Record<string, Cell> {
  const accounts = { expense_account: expenseAccount, clearing_account: clearingAccount };
  return { pipeline, line_of: by, ...accounts, cost_center: costCenter };
}

function priceRow(price: PriceRow, at: number): Record<string, Cell> {
  return {
    price_no: String(at + 1),
    layer: price.layer,
    provider: price.provider,
    sku: price.sku,
    meter: price.meter,
    service_tier: price.serviceTier === '' ? 'standard' : price.serviceTier,
    region: price.region,
    prompt_over: String(price.promptOver),
    minute_from: String(price.minuteFrom),
    minute_to: String(price.minuteTo),
    valid_from: price.validFrom,
    unit_price: price.price === null ? null : perUnit(price.price, price.unitExponent),
    currency: price.currency,
    source: price.source,
    place: placeText(price.place),
  };
}

function aliasRows(aliases: readonly AliasRow[]): readonly Record<string, Cell>[] {
  const name = (row: AliasRow): string => JSON.stringify([row.provider, row.sku, row.alternative]);
  const counts = new Map<string, number>();
  for (const row of aliases) counts.set(name(row), (counts.get(name(row)) ?? 0) + 1);
  return aliases.map((row) => ({
    provider: row.provider,
    sku: row.sku,
    alternative: String(row.alternative),
    condition_count: String(counts.get(name(row)) ?? 1),
    kind: row.kind,
    pattern: row.pattern,
    rank: String(row.rank),
  }));
}

/** Moves the decimal point: `6.00` per 10^6 units is `0.00000600` a unit. Text in, text out. */
export function perUnit(price: string, exponent: number): string {
  const [whole = '0', fraction = ''] = price.split('.');
  const digits = whole.padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  return `${digits.slice(0, point)}.${digits.slice(point)}${fraction}`;
}
