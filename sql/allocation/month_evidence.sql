-- What the evidence of a month comes to, as one short text: charges of the month or on its days; usage of its days, of the days on which its charges
-- lie and of the month before, by which pools may be shared; and the days of which bills tell. It differs where they do.
WITH charge AS (
  SELECT w.billing_month,
         concat_ws(chr(31), 'c', coalesce(CAST(c.source_id AS VARCHAR), chr(30)), coalesce(CAST(c.role AS VARCHAR), chr(30)), coalesce(CAST(c.basis AS VARCHAR), chr(30)), coalesce(CAST(c.provider AS VARCHAR), chr(30)),
           coalesce(CAST(c.account_id AS VARCHAR), chr(30)), coalesce(CAST(c.sub_account_id AS VARCHAR), chr(30)), coalesce(CAST(c.invoice_id AS VARCHAR), chr(30)), coalesce(CAST(c.billing_month AS VARCHAR), chr(30)),
           coalesce(CAST(c.billing_period_start AS VARCHAR), chr(30)), coalesce(CAST(c.billing_period_end AS VARCHAR), chr(30)), coalesce(CAST(c.charge_start AS VARCHAR), chr(30)), coalesce(CAST(c.charge_end AS VARCHAR), chr(30)),
           coalesce(CAST(c.category AS VARCHAR), chr(30)), coalesce(CAST(c.charge_class AS VARCHAR), chr(30)), coalesce(CAST(c.service AS VARCHAR), chr(30)), coalesce(CAST(c.item AS VARCHAR), chr(30)),
           coalesce(CAST(c.model_hint AS VARCHAR), chr(30)), coalesce(CAST(c.meter_hint AS VARCHAR), chr(30)), coalesce(CAST(c.description AS VARCHAR), chr(30)), coalesce(CAST(c.resource AS VARCHAR), chr(30)),
           coalesce(CAST(c.commitment AS VARCHAR), chr(30)), coalesce(CAST(c.commitment_status AS VARCHAR), chr(30)), coalesce(CAST(c.service_tier AS VARCHAR), chr(30)), coalesce(CAST(c.quantity AS VARCHAR), chr(30)),
           coalesce(CAST(c.currency AS VARCHAR), chr(30)), coalesce(CAST(c.tags AS VARCHAR), chr(30)), coalesce(CAST(c.feature_tag AS VARCHAR), chr(30)), coalesce(CAST(c.allocated_resource AS VARCHAR), chr(30)),
           coalesce(CAST(c.allocated_tags AS VARCHAR), chr(30)), coalesce(CAST(c.billed_amount AS VARCHAR), chr(30)), coalesce(CAST(c.effective_amount AS VARCHAR), chr(30)), coalesce(CAST(c.amount AS VARCHAR), chr(30)),
           coalesce(CAST(c.finality AS VARCHAR), chr(30))) AS line
  FROM run.watched_month AS w
  JOIN staging.charge AS c
    ON c.billing_month = w.billing_month OR (day_of(c.charge_start) < add_months(w.billing_month, 1) AND day_of(c.charge_end) >= w.billing_month)
), span AS (
  SELECT w.billing_month, coalesce(max(add_days(day_of(c.charge_end), 1)), w.billing_month) AS until
  FROM run.watched_month AS w
  LEFT JOIN staging.charge AS c ON c.billing_month = w.billing_month
  GROUP BY w.billing_month
), logged AS (
  SELECT w.billing_month,
         concat_ws(chr(31), 'u', coalesce(CAST(u.usage_date AS VARCHAR), chr(30)), coalesce(CAST(u.source_id AS VARCHAR), chr(30)), coalesce(CAST(u.provider AS VARCHAR), chr(30)), coalesce(CAST(u.account_id AS VARCHAR), chr(30)),
           coalesce(CAST(u.model AS VARCHAR), chr(30)), coalesce(CAST(u.sku AS VARCHAR), chr(30)), coalesce(CAST(u.charged_by AS VARCHAR), chr(30)), coalesce(CAST(u.service_tier AS VARCHAR), chr(30)),
           coalesce(CAST(u.region AS VARCHAR), chr(30)), coalesce(CAST(u.cache_hit AS VARCHAR), chr(30)), coalesce(CAST(u.sample_rate AS VARCHAR), chr(30)), coalesce(CAST(u.feature_id AS VARCHAR), chr(30)),
           coalesce(CAST(u.customer_id AS VARCHAR), chr(30)), coalesce(CAST(u.attribution AS VARCHAR), chr(30)), coalesce(CAST(u.feature_tag AS VARCHAR), chr(30)), coalesce(CAST(u.stated AS VARCHAR), chr(30)),
           coalesce(CAST(u.events AS VARCHAR), chr(30)), coalesce(CAST(u.stated_zeros AS VARCHAR), chr(30)), coalesce(CAST(u.stated_cost AS VARCHAR), chr(30)), coalesce(CAST(u.input_tokens AS VARCHAR), chr(30)),
           coalesce(CAST(u.cache_read_tokens AS VARCHAR), chr(30)), coalesce(CAST(u.cache_write_tokens AS VARCHAR), chr(30)), coalesce(CAST(u.cache_write_1h_tokens AS VARCHAR), chr(30)), coalesce(CAST(u.output_tokens AS VARCHAR), chr(30)),
           coalesce(CAST(u.embedding_tokens AS VARCHAR), chr(30)), coalesce(CAST(u.embeddings AS VARCHAR), chr(30)), coalesce(CAST(u.requests AS VARCHAR), chr(30)), coalesce(CAST(u.vector_queries AS VARCHAR), chr(30)),
           coalesce(CAST(u.vector_read_units AS VARCHAR), chr(30)), coalesce(CAST(u.vector_write_units AS VARCHAR), chr(30)), coalesce(CAST(u.tool_calls AS VARCHAR), chr(30)), coalesce(CAST(u.search_queries AS VARCHAR), chr(30)),
           coalesce(CAST(u.rerank_queries AS VARCHAR), chr(30)), coalesce(CAST(u.images AS VARCHAR), chr(30)), coalesce(CAST(u.storage_gb_months AS VARCHAR), chr(30)), coalesce(CAST(u.egress_gb AS VARCHAR), chr(30)),
           coalesce(CAST(u.gpu_hours AS VARCHAR), chr(30)), coalesce(CAST(u.review_minutes AS VARCHAR), chr(30))) AS line
  FROM span AS w
  JOIN rating.usage_day AS u ON u.usage_date >= add_months(w.billing_month, -1) AND (u.usage_date < add_months(w.billing_month, 1) OR u.usage_date < w.until)
), covered AS (
  SELECT w.billing_month, concat_ws(chr(31), 'b', u.provider, coalesce(u.account_id, chr(30)), u.service_tier, CAST(u.usage_date AS VARCHAR)) AS line
  FROM run.watched_month AS w
  JOIN allocation.covered_usage AS u ON month_start(u.usage_date) = w.billing_month
), line AS (
  SELECT billing_month, line FROM charge
  UNION ALL
  SELECT billing_month, line FROM logged
  UNION ALL
  SELECT billing_month, line FROM covered
)
SELECT w.billing_month, coalesce(d.evidence, 'none') AS evidence
FROM run.watched_month AS w
LEFT JOIN (SELECT billing_month, digest_of(line) AS evidence FROM line GROUP BY billing_month) AS d ON d.billing_month = w.billing_month
