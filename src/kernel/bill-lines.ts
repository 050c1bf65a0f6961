// Columns of the raw tables of bills and of billed usage. All text but `row`: evidence is kept as it was written, and cast once, at staging.

export type BillTable =
  | 'focus_line'
  | 'cur_line'
  | 'openai_cost'
  | 'anthropic_cost'
  | 'openai_usage'
  | 'anthropic_usage'
  | 'invoice_line';

/** In front of every bill line. `reject`: why the line cannot be read, or null. */
const PLACE = ['source_id', 'file', 'row', 'reject'] as const;

/** A number of a result of a usage API. */
const FIGURE = ['delivery', 'endpoint', 'bucket_start', 'bucket_end', 'empty_bucket', 'result', 'figure', 'quantity'] as const;

/** FOCUS columns that are read, by their name in the specification. */
export const FOCUS_COLUMNS = [
  'BilledCost',
  'EffectiveCost',
  'ListCost',
  'ContractedCost',
  'BillingCurrency',
  'BillingPeriodStart',
  'BillingPeriodEnd',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'BillingAccountId',
  'BillingAccountName',
  'SubAccountId',
  'SubAccountName',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargeFrequency',
  'PricingCategory',
  'CommitmentDiscountId',
  'CommitmentDiscountStatus',
  'CommitmentDiscountType',
  'CapacityReservationId',
  'CapacityReservationStatus',
  'InvoiceId',
  'InvoiceDetailId',
  'InvoiceIssuerName',
  'ProviderName',
  'PublisherName',
  'ServiceProviderName',
  'HostProviderName',
  'ServiceCategory',
  'ServiceName',
  'SkuId',
  'SkuMeter',
  'SkuPriceId',
  'ResourceId',
  'ResourceName',
  'ResourceType',
  'RegionId',
  'ConsumedQuantity',
  'ConsumedUnit',
  'PricingQuantity',
  'PricingUnit',
  'Tags',
  'AllocatedMethodId',
  'AllocatedResourceId',
  'AllocatedResourceName',
  'AllocatedTags',
] as const;

export const FOCUS_VERSIONS = ['1.0', '1.1', '1.2', '1.3', '1.4'] as const;

export type FocusVersion = (typeof FOCUS_VERSIONS)[number];

/** Mandatory in FOCUS 1.0, 1.1 and 1.2 alike. */
export const FOCUS_MANDATORY = [
  'BilledCost',
  'BillingAccountId',
  'BillingAccountName',
  'BillingCurrency',
  'BillingPeriodEnd',
  'BillingPeriodStart',
  'ChargeCategory',
  'ChargeClass',
  'ChargeDescription',
  'ChargePeriodEnd',
  'ChargePeriodStart',
  'ContractedCost',
  'EffectiveCost',
  'InvoiceIssuerName',
  'ListCost',
  'PricingQuantity',
  'PricingUnit',
  'ProviderName',
  'PublisherName',
  'ServiceCategory',
  'ServiceName',
] as const;

/** Deprecated in 1.3, gone in 1.4. */
const OLD_NAMES: readonly string[] = ['ProviderName', 'PublisherName'];

const WITH_NEW_NAMES: readonly string[] = [...FOCUS_MANDATORY, 'HostProviderName', 'ServiceProviderName'];

/** Columns that a file of a version must have. Some may be empty in every line (BillingAccountName, PricingUnit, …), but none may be left out. */
export const FOCUS_MANDATORY_IN: Readonly<Record<FocusVersion, readonly string[]>> = {
  '1.0': FOCUS_MANDATORY,
  '1.1': FOCUS_MANDATORY,
  '1.2': FOCUS_MANDATORY,
  '1.3': WITH_NEW_NAMES,
  '1.4': WITH_NEW_NAMES.filter((name) => !OLD_NAMES.includes(name)),
};

/** What each later version of FOCUS added: how a version is told from the columns. */
export const FOCUS_ADDED = {
  '1.1': [
    'CapacityReservationId',
    'CapacityReservationStatus',
    'CommitmentDiscountQuantity',
    'CommitmentDiscountUnit',
    'ServiceSubcategory',
    'SkuMeter',
    'SkuPriceDetails',
  ],
  '1.2': [
    'BillingAccountType',
    'InvoiceId',
    'PricingCurrency',
    'PricingCurrencyContractedUnitPrice',
    'PricingCurrencyEffectiveCost',
    'PricingCurrencyListUnitPrice',
    'SubAccountType',
  ],
  '1.3': [
    'AllocatedMethodDetails',
    'AllocatedMethodId',
    'AllocatedResourceId',
    'AllocatedResourceName',
    'AllocatedTags',
    'ContractApplied',
    'HostProviderName',
    'ServiceProviderName',
  ],
  '1.4': ['CommitmentProgramEligibilityDetails', 'InvoiceDetailId'],
} as const satisfies Readonly<Record<Exclude<FocusVersion, '1.0'>, readonly string[]>>;

/** Columns of AWS Cost and Usage Reports that are read, by their name in CUR 2.0. A legacy report writes `lineItem/UnblendedCost`. */
export const CUR_COLUMNS = [
  'bill_bill_type',
  'bill_billing_period_start_date',
  'bill_billing_period_end_date',
  'bill_invoice_id',
  'bill_payer_account_id',
  'identity_line_item_id',
  'identity_time_interval',
  'line_item_line_item_type',
  'line_item_usage_account_id',
  'line_item_usage_start_date',
  'line_item_usage_end_date',
  'line_item_product_code',
  'line_item_usage_type',
  'line_item_operation',
  'line_item_resource_id',
  'line_item_line_item_description',
  'line_item_usage_amount',
  'line_item_currency_code',
  'line_item_unblended_cost',
  'line_item_net_unblended_cost',
  'line_item_iam_principal',
  'pricing_unit',
  'reservation_reservation_a_r_n',
  'reservation_effective_cost',
  'reservation_net_effective_cost',
  'reservation_unused_amortized_upfront_fee_for_billing_period',
  'reservation_net_unused_amortized_upfront_fee_for_billing_period',
  'reservation_unused_recurring_fee',
  'reservation_net_unused_recurring_fee',
  'savings_plan_savings_plan_a_r_n',
  'savings_plan_savings_plan_effective_cost',
  'savings_plan_net_savings_plan_effective_cost',
  'savings_plan_total_commitment_to_date',
  'savings_plan_used_commitment',
  'split_line_item_parent_resource_id',
  'split_line_item_split_cost',
  'split_line_item_unused_cost',
  'split_line_item_net_split_cost',
  'split_line_item_net_unused_cost',
] as const;

/** Without these no line can be booked. The others depend on what an account has, and on what its export includes. */
export const CUR_NEEDED = [
  'bill_billing_period_start_date',
  'bill_billing_period_end_date',
  'bill_payer_account_id',
  'line_item_line_item_type',
  'line_item_usage_start_date',
  'line_item_usage_end_date',
  'line_item_product_code',
  'line_item_currency_code',
  'line_item_unblended_cost',
] as const satisfies readonly (typeof CUR_COLUMNS)[number][];

/** `BillingPeriodStart` → `billing_period_start`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

export const BILL_COLUMNS: Readonly<Record<BillTable, readonly string[]>> = {
  focus_line: [...PLACE, 'version', ...FOCUS_COLUMNS.map((name) => snakeCase(name))],
  cur_line: [...PLACE, ...CUR_COLUMNS, 'tags'],
  openai_cost: [
    ...PLACE,
    'delivery',
    'bucket_start',
    'bucket_end',
    'empty_bucket',
    'amount',
    'currency',
    'line_item',
    'project_id',
    'organization_id',
    'quantity',
    'quantity_unit',
  ],
  anthropic_cost: [
    ...PLACE,
    'delivery',
    'bucket_start',
    'bucket_end',
    'empty_bucket',
    'amount',
    'currency',
    'description',
    'cost_type',
    'token_type',
    'model',
    'context_window',
    'service_tier',
    'inference_geo',
    'workspace_id',
  ],
  openai_usage: [...PLACE, ...FIGURE, 'model', 'project_id', 'batch', 'service_tier'],
  anthropic_usage: [...PLACE, ...FIGURE, 'model', 'workspace_id', 'service_tier', 'context_window', 'inference_geo'],
  invoice_line: [
    ...PLACE,
    'invoice_id',
    'period_start',
    'period_end',
    'charge_start',
    'charge_end',
    'item',
    'description',
    'category',
    'quantity',
    'unit',
    'amount',
    'currency',
    'project',
    'empty',
  ],
};

export function billColumnType(column: string): string {
  return column === 'row' ? 'BIGINT' : 'VARCHAR';
}
