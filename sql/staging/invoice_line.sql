-- Provider invoices as typed lines. Printed periods end on their last day; a line without its own dates has those of its invoice.
WITH line AS (
  SELECT l.*, s.provider, s.account,
    CASE WHEN l.reject IS NOT NULL THEN l.reject
         WHEN money_problem(l.amount, 24) IS NOT NULL THEN 'amount: ' || money_problem(l.amount, 24)
         WHEN utc_timestamp(l.period_start) IS NULL OR utc_timestamp(l.period_end) IS NULL THEN 'period: not a day'
         WHEN utc_timestamp(l.period_end) < utc_timestamp(l.period_start) THEN 'period: ends before it starts'
         WHEN utc_timestamp(coalesce(l.charge_start, l.period_start)) > utc_timestamp(coalesce(l.charge_end, l.period_end)) THEN 'charge period: ends before it starts'
         WHEN l.invoice_id IS NULL THEN 'invoice_id: missing'
         WHEN l.currency IS NULL THEN 'currency: missing' END AS problem
  FROM raw.invoice_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
)
SELECT
  source_id, file, "row", CASE WHEN problem IS NULL THEN 'loaded' ELSE 'rejected' END AS fate, problem AS reject_reason,
  provider, account AS account_id, CAST(NULL AS VARCHAR) AS sub_account_id, invoice_id,
  utc_timestamp(period_start) AS billing_period_start,
  CAST(add_days(day_of(utc_timestamp(period_end)), 1) AS TIMESTAMP(6)) AS billing_period_end,
  utc_timestamp(coalesce(charge_start, period_start)) AS charge_start,
  CAST(add_days(day_of(utc_timestamp(coalesce(charge_end, period_end))), 1) AS TIMESTAMP(6)) AS charge_end,
  coalesce(category, CASE WHEN amount LIKE '-%' THEN 'Credit' ELSE 'Usage' END) AS category,
  CAST(NULL AS VARCHAR) AS charge_class, provider AS service, coalesce(item, description, '(no item)') AS item,
  CAST(NULL AS VARCHAR) AS model_hint, CAST(NULL AS VARCHAR) AS meter_hint,
  description, CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS VARCHAR) AS commitment, CAST(NULL AS VARCHAR) AS commitment_status,
  'standard' AS service_tier, quantity_value(quantity) AS quantity,
  CASE WHEN problem IS NULL THEN money_value(amount) END AS billed_24,
  CASE WHEN problem IS NULL THEN money_value(amount) END AS effective_24,
  upper(currency) AS currency, CAST(NULL AS VARCHAR) AS tags, CAST(NULL AS VARCHAR) AS feature_tag, true AS is_final,
  CAST(NULL AS VARCHAR) AS allocated_resource, CAST(NULL AS VARCHAR) AS allocated_tags
FROM line
