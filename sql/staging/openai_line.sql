-- OpenAI costs as typed lines: of each daily bucket the last delivery counts. Line items keep their own words; model, tier and meter are read from them.
WITH latest AS (
  SELECT source_id, bucket_start, max(delivery) AS delivery FROM raw.openai_cost WHERE bucket_start IS NOT NULL GROUP BY source_id, bucket_start
), line AS (
  SELECT c.*, s.provider, s.account,
    CASE WHEN utc_from_seconds(c.bucket_start) IS NULL THEN 'start_time: not a time'
         WHEN c.reject IS NOT NULL THEN c.reject
         WHEN c.empty_bucket = 'true' THEN NULL
         WHEN money_problem(c.amount, 24) IS NOT NULL THEN 'amount.value: ' || money_problem(c.amount, 24)
         WHEN c.currency IS NULL THEN 'amount.currency: missing' END AS problem,
    c.delivery < l.delivery AS superseded
  FROM raw.openai_cost AS c
  JOIN run.source AS s ON s.source_id = c.source_id
  LEFT JOIN latest AS l ON l.source_id = c.source_id AND l.bucket_start = c.bucket_start
)
SELECT
  source_id, file, "row",
  CASE WHEN coalesce(superseded, false) THEN 'superseded' WHEN problem IS NOT NULL THEN 'rejected' WHEN empty_bucket = 'true' THEN 'empty' ELSE 'loaded' END AS fate,
  problem AS reject_reason, provider, coalesce(account, organization_id) AS account_id, project_id AS sub_account_id, CAST(NULL AS VARCHAR) AS invoice_id,
  CAST(month_start(utc_from_seconds(bucket_start)) AS TIMESTAMP(6)) AS billing_period_start,
  CAST(add_months(month_start(utc_from_seconds(bucket_start)), 1) AS TIMESTAMP(6)) AS billing_period_end,
  utc_from_seconds(bucket_start) AS charge_start, coalesce(utc_from_seconds(bucket_end), utc_from_seconds(bucket_start)) AS charge_end,
  CASE WHEN amount LIKE '-%' THEN 'Credit' ELSE 'Usage' END AS category, CAST(NULL AS VARCHAR) AS charge_class, 'OpenAI API' AS service,
  coalesce(line_item, '(no line item)') AS item,
  CASE WHEN text_part(line_item, ', ', 2) IN ('input', 'output', 'cached input', 'cache writes')
       THEN replace(replace(replace(replace(text_part(line_item, ', ', 1), 'evals | ', ''), ' batch', ''), ' flex', ''), ' priority', '') END AS model_hint,
  CASE text_part(line_item, ', ', 2) WHEN 'input' THEN 'input_tokens' WHEN 'output' THEN 'output_tokens'
       WHEN 'cached input' THEN 'cache_read_tokens' WHEN 'cache writes' THEN 'cache_write_tokens' END AS meter_hint,
  line_item AS description, CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS VARCHAR) AS commitment,
  CAST(NULL AS VARCHAR) AS commitment_status, CASE WHEN text_part(line_item, ', ', 1) LIKE '% batch' THEN 'batch' WHEN text_part(line_item, ', ', 1) LIKE '% flex' THEN 'flex'
       WHEN text_part(line_item, ', ', 1) LIKE '% priority' THEN 'priority' ELSE 'standard' END AS service_tier,
  CASE WHEN quantity_unit = '1000_tokens' THEN TRY_CAST(TRY_CAST(quantity_value(quantity) AS DECIMAL(23,6)) * 1000 AS DECIMAL(26,6))
       ELSE quantity_value(quantity) END AS quantity,
  CASE WHEN problem IS NULL AND empty_bucket = 'false' THEN money_value(amount) END AS billed_24,
  CASE WHEN problem IS NULL AND empty_bucket = 'false' THEN money_value(amount) END AS effective_24,
  upper(currency) AS currency, CAST(NULL AS VARCHAR) AS tags, CAST(NULL AS VARCHAR) AS feature_tag, false AS is_final,
  CAST(NULL AS VARCHAR) AS allocated_resource, CAST(NULL AS VARCHAR) AS allocated_tags
FROM line
