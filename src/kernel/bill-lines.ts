// Columns of the raw bill tables. All text but `row`: a bill is kept as it was written, and cast once, at staging.

export type BillTable = 'focus_line' | 'openai_cost' | 'anthropic_cost' | 'invoice_line';

/** In front of every bill line. `reject`: why the line cannot be read, or null. */
const PLACE = ['source_id', 'file', 'row', 'reject'] as const;

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

/** `BillingPeriodStart` → `billing_period_start`. */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

export const BILL_COLUMNS: Readonly<Record<BillTable, readonly string[]>> = {
  focus_line: [...PLACE, 'version', ...FOCUS_COLUMNS.map((name) => snakeCase(name))],
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
