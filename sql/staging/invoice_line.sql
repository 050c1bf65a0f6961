-- Provider invoices, and costs of declared APIs, as typed lines. Periods end on their last day; a line without its own dates has those of its invoice.
-- Costs of an API need no invoice, and stay provisional: the provider may restate them.
WITH line AS (
  SELECT l.*, s.provider, s.account, s.kind = 'invoice-csv' AS is_invoice,
    CASE WHEN l.reject IS NOT NULL THEN l.reject
         WHEN l.empty = 'true' THEN NULL
         WHEN money_problem(l.amount, 24) IS NOT NULL THEN 'amount: ' || money_problem(l.amount, 24)
         WHEN utc_timestamp(l.period_start) IS NULL OR utc_timestamp(l.period_end) IS NULL THEN 'period: not a day'
         WHEN utc_timestamp(l.period_end) < utc_timestamp(l.period_start) THEN 'period: ends before it starts'
         WHEN utc_timestamp(coalesce(l.charge_start, l.period_start)) > utc_timestamp(coalesce(l.charge_end, l.period_end)) THEN 'charge period: ends before it starts'
         WHEN l.invoice_id IS NULL AND s.kind = 'invoice-csv' THEN 'invoice_id: missing'
         WHEN l.currency IS NULL THEN 'currency: missing' END AS problem
  FROM raw.invoice_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
)
SELECT
  source_id, file, "row", CASE WHEN problem IS NOT NULL THEN 'rejected' WHEN empty = 'true' THEN 'empty' WHEN empty = 'early' THEN 'early' ELSE 'loaded' END AS fate, problem AS reject_reason,
  provider, account AS account_id, project AS sub_account_id, invoice_id,
  utc_timestamp(period_start) AS billing_period_start,
  CAST(add_days(day_of(utc_timestamp(period_end)), 1) AS TIMESTAMP(6)) AS billing_period_end,
  utc_timestamp(coalesce(charge_start, period_start)) AS charge_start,
  CAST(add_days(day_of(utc_timestamp(coalesce(charge_end, period_end))), 1) AS TIMESTAMP(6)) AS charge_end,
  coalesce(category, CASE WHEN amount LIKE '-%' THEN 'Credit' ELSE 'Usage' END) AS category,
  CAST(NULL AS VARCHAR) AS charge_class, provider AS service, coalesce(item, description, '(no item)') AS item,
  CAST(NULL AS VARCHAR) AS model_hint, CAST(NULL AS VARCHAR) AS meter_hint,
  description, CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS VARCHAR) AS commitment, CAST(NULL AS VARCHAR) AS commitment_status,
  'standard' AS service_tier, quantity_value(quantity) AS quantity,
  CASE WHEN problem IS NULL AND coalesce(empty, 'early') = 'early' THEN money_value(amount) END AS billed_24,
  CASE WHEN problem IS NULL AND coalesce(empty, 'early') = 'early' THEN money_value(amount) END AS effective_24,
  upper(currency) AS currency, CAST(NULL AS VARCHAR) AS tags, CAST(NULL AS VARCHAR) AS feature_tag, is_invoice AS is_final,
  CAST(NULL AS VARCHAR) AS allocated_resource, CAST(NULL AS VARCHAR) AS allocated_tags
FROM line
