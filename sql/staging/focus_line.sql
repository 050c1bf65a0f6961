-- FOCUS charges as typed lines, each with its fate. Nothing joins but the source's own declaration.
WITH line AS (
  SELECT l.*, s.provider, s.account, s.feature_tag,
    CASE WHEN l.reject IS NOT NULL THEN l.reject
         WHEN money_problem(l.billed_cost, 24) IS NOT NULL THEN 'BilledCost: ' || money_problem(l.billed_cost, 24)
         WHEN money_problem(l.effective_cost, 24) IS NOT NULL THEN 'EffectiveCost: ' || money_problem(l.effective_cost, 24)
         WHEN utc_timestamp(l.billing_period_start) IS NULL OR utc_timestamp(l.billing_period_end) IS NULL THEN 'BillingPeriod: not a time'
         WHEN utc_timestamp(l.charge_period_start) IS NULL OR utc_timestamp(l.charge_period_end) IS NULL THEN 'ChargePeriod: not a time'
         WHEN utc_timestamp(l.billing_period_end) <= utc_timestamp(l.billing_period_start) THEN 'BillingPeriod: ends before it starts'
         WHEN utc_timestamp(l.charge_period_end) < utc_timestamp(l.charge_period_start) THEN 'ChargePeriod: ends before it starts'
         WHEN l.billing_currency IS NULL THEN 'BillingCurrency: missing'
         WHEN l.charge_category IS NULL THEN 'ChargeCategory: missing' END AS problem
  FROM raw.focus_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
)
SELECT
  source_id, file, "row", CASE WHEN problem IS NULL THEN 'loaded' ELSE 'rejected' END AS fate, problem AS reject_reason,
  provider, coalesce(account, billing_account_id) AS account_id, sub_account_id, invoice_id,
  utc_timestamp(billing_period_start) AS billing_period_start, utc_timestamp(billing_period_end) AS billing_period_end,
  utc_timestamp(charge_period_start) AS charge_start, utc_timestamp(charge_period_end) AS charge_end,
  charge_category AS category, charge_class, service_name AS service,
  coalesce(sku_meter, sku_id, resource_type, charge_description) AS item, CAST(NULL AS VARCHAR) AS model_hint, CAST(NULL AS VARCHAR) AS meter_hint,
  charge_description AS description, resource_id AS resource, commitment_discount_id AS commitment,
  commitment_discount_status AS commitment_status, 'standard' AS service_tier,
  quantity_value(coalesce(consumed_quantity, pricing_quantity)) AS quantity,
  CASE WHEN problem IS NULL THEN money_value(billed_cost) END AS billed_24,
  CASE WHEN problem IS NULL THEN money_value(effective_cost) END AS effective_24,
  upper(billing_currency) AS currency, tags,
  coalesce(nullif(json_text(allocated_tags, feature_tag), ''), nullif(json_text(tags, feature_tag), '')) AS feature_tag, invoice_id IS NOT NULL AS is_final,
  allocated_resource_id AS allocated_resource, allocated_tags
FROM line
