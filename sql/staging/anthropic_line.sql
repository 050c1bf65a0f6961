-- Anthropic cost report as typed lines. Amounts arrive in cents; of each daily bucket the last delivery counts.
WITH latest AS (
  SELECT source_id, utc_timestamp(bucket_start) AS starts, max(delivery) AS delivery
  FROM raw.anthropic_cost
  WHERE utc_timestamp(bucket_start) IS NOT NULL AND empty_bucket <> 'early'
  GROUP BY source_id, utc_timestamp(bucket_start)
), line AS (
  SELECT c.*, s.provider, s.account,
    CASE WHEN utc_timestamp(c.bucket_start) IS NULL THEN 'starting_at: not a time'
         WHEN c.reject IS NOT NULL THEN c.reject
         WHEN c.empty_bucket IN ('true', 'early') THEN NULL
         WHEN money_problem(c.amount, 22) IS NOT NULL THEN 'amount: ' || money_problem(c.amount, 22)
         WHEN c.currency IS NULL THEN 'currency: missing' END AS problem,
    c.delivery < l.delivery AS superseded
  FROM raw.anthropic_cost AS c
  JOIN run.source AS s ON s.source_id = c.source_id
  LEFT JOIN latest AS l ON l.source_id = c.source_id AND l.starts = utc_timestamp(c.bucket_start)
), dollars AS (
  SELECT line.*, CASE WHEN problem IS NULL AND empty_bucket = 'false'
    THEN CAST(CAST(money_value(amount) AS DECIMAL(36,22)) * CAST('0.01' AS DECIMAL(2,2)) AS DECIMAL(38,24)) END AS amount_24
  FROM line
)
SELECT
  source_id, file, "row",
  CASE WHEN coalesce(superseded, false) THEN 'superseded' WHEN problem IS NOT NULL THEN 'rejected' WHEN empty_bucket = 'true' THEN 'empty' WHEN empty_bucket = 'early' THEN 'early' ELSE 'loaded' END AS fate,
  problem AS reject_reason, provider, account AS account_id, workspace_id AS sub_account_id, CAST(NULL AS VARCHAR) AS invoice_id,
  CAST(month_start(utc_timestamp(bucket_start)) AS TIMESTAMP(6)) AS billing_period_start,
  CAST(add_months(month_start(utc_timestamp(bucket_start)), 1) AS TIMESTAMP(6)) AS billing_period_end,
  utc_timestamp(bucket_start) AS charge_start, coalesce(utc_timestamp(bucket_end), utc_timestamp(bucket_start)) AS charge_end,
  CASE WHEN amount LIKE '-%' THEN 'Credit' ELSE 'Usage' END AS category, CAST(NULL AS VARCHAR) AS charge_class, 'Claude API' AS service,
  coalesce(description, cost_type, '(no description)') AS item,
  CASE WHEN cost_type = 'web_search' THEN 'web_search' ELSE model END AS model_hint,
  CASE WHEN cost_type = 'web_search' THEN 'search_queries'
       WHEN token_type = 'uncached_input_tokens' THEN 'input_tokens' WHEN token_type = 'output_tokens' THEN 'output_tokens'
       WHEN token_type = 'cache_read_input_tokens' THEN 'cache_read_tokens'
       WHEN token_type = 'cache_creation.ephemeral_5m_input_tokens' THEN 'cache_write_tokens'
       WHEN token_type = 'cache_creation.ephemeral_1h_input_tokens' THEN 'cache_write_1h_tokens' END AS meter_hint,
  description, CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS VARCHAR) AS commitment, CAST(NULL AS VARCHAR) AS commitment_status,
  coalesce(lower(service_tier), 'standard') AS service_tier, CAST(NULL AS DECIMAL(26,6)) AS quantity,
  amount_24 AS billed_24, amount_24 AS effective_24, upper(currency) AS currency, CAST(NULL AS VARCHAR) AS tags,
  CAST(NULL AS VARCHAR) AS feature_tag, false AS is_final,
  CAST(NULL AS VARCHAR) AS allocated_resource, CAST(NULL AS VARCHAR) AS allocated_tags
FROM dollars
