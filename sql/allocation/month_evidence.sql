-- What the evidence of a month comes to, as one short text: charges of the month or on its days, its usage, and that of
-- the month before, by which pools may be shared. It differs where they do.
WITH charge AS (
  SELECT w.billing_month,
         concat_ws('|', 'c', coalesce(CAST(c.source_id AS VARCHAR), ''), coalesce(CAST(c.role AS VARCHAR), ''), coalesce(CAST(c.basis AS VARCHAR), ''), coalesce(CAST(c.provider AS VARCHAR), ''),
           coalesce(CAST(c.account_id AS VARCHAR), ''), coalesce(CAST(c.sub_account_id AS VARCHAR), ''), coalesce(CAST(c.invoice_id AS VARCHAR), ''), coalesce(CAST(c.billing_month AS VARCHAR), ''),
           coalesce(CAST(c.billing_period_start AS VARCHAR), ''), coalesce(CAST(c.billing_period_end AS VARCHAR), ''), coalesce(CAST(c.charge_start AS VARCHAR), ''), coalesce(CAST(c.charge_end AS VARCHAR), ''),
           coalesce(CAST(c.category AS VARCHAR), ''), coalesce(CAST(c.charge_class AS VARCHAR), ''), coalesce(CAST(c.service AS VARCHAR), ''), coalesce(CAST(c.item AS VARCHAR), ''),
           coalesce(CAST(c.model_hint AS VARCHAR), ''), coalesce(CAST(c.meter_hint AS VARCHAR), ''), coalesce(CAST(c.description AS VARCHAR), ''), coalesce(CAST(c.resource AS VARCHAR), ''),
           coalesce(CAST(c.commitment AS VARCHAR), ''), coalesce(CAST(c.commitment_status AS VARCHAR), ''), coalesce(CAST(c.service_tier AS VARCHAR), ''), coalesce(CAST(c.quantity AS VARCHAR), ''),
           coalesce(CAST(c.currency AS VARCHAR), ''), coalesce(CAST(c.tags AS VARCHAR), ''), coalesce(CAST(c.feature_tag AS VARCHAR), ''), coalesce(CAST(c.allocated_resource AS VARCHAR), ''),
           coalesce(CAST(c.allocated_tags AS VARCHAR), ''), coalesce(CAST(c.billed_amount AS VARCHAR), ''), coalesce(CAST(c.effective_amount AS VARCHAR), ''), coalesce(CAST(c.amount AS VARCHAR), ''),
           coalesce(CAST(c.finality AS VARCHAR), '')) AS line
  FROM run.watched_month AS w
  JOIN staging.charge AS c
    ON c.billing_month = w.billing_month OR (day_of(c.charge_start) < add_months(w.billing_month, 1) AND day_of(c.charge_end) >= w.billing_month)
), logged AS (
  SELECT w.billing_month,
         concat_ws('|', 'u', coalesce(CAST(u.usage_date AS VARCHAR), ''), coalesce(CAST(u.source_id AS VARCHAR), ''), coalesce(CAST(u.provider AS VARCHAR), ''), coalesce(CAST(u.account_id AS VARCHAR), ''),
           coalesce(CAST(u.model AS VARCHAR), ''), coalesce(CAST(u.sku AS VARCHAR), ''), coalesce(CAST(u.charged_by AS VARCHAR), ''), coalesce(CAST(u.service_tier AS VARCHAR), ''),
           coalesce(CAST(u.region AS VARCHAR), ''), coalesce(CAST(u.cache_hit AS VARCHAR), ''), coalesce(CAST(u.sample_rate AS VARCHAR), ''), coalesce(CAST(u.feature_id AS VARCHAR), ''),
           coalesce(CAST(u.customer_id AS VARCHAR), ''), coalesce(CAST(u.attribution AS VARCHAR), ''), coalesce(CAST(u.feature_tag AS VARCHAR), ''), coalesce(CAST(u.stated AS VARCHAR), ''),
           coalesce(CAST(u.events AS VARCHAR), ''), coalesce(CAST(u.stated_zeros AS VARCHAR), ''), coalesce(CAST(u.stated_cost AS VARCHAR), ''), coalesce(CAST(u.input_tokens AS VARCHAR), ''),
           coalesce(CAST(u.cache_read_tokens AS VARCHAR), ''), coalesce(CAST(u.cache_write_tokens AS VARCHAR), ''), coalesce(CAST(u.cache_write_1h_tokens AS VARCHAR), ''), coalesce(CAST(u.output_tokens AS VARCHAR), ''),
           coalesce(CAST(u.embedding_tokens AS VARCHAR), ''), coalesce(CAST(u.embeddings AS VARCHAR), ''), coalesce(CAST(u.requests AS VARCHAR), ''), coalesce(CAST(u.vector_queries AS VARCHAR), ''),
           coalesce(CAST(u.vector_read_units AS VARCHAR), ''), coalesce(CAST(u.vector_write_units AS VARCHAR), ''), coalesce(CAST(u.tool_calls AS VARCHAR), ''), coalesce(CAST(u.search_queries AS VARCHAR), ''),
           coalesce(CAST(u.rerank_queries AS VARCHAR), ''), coalesce(CAST(u.images AS VARCHAR), ''), coalesce(CAST(u.storage_gb_months AS VARCHAR), ''), coalesce(CAST(u.egress_gb AS VARCHAR), ''),
           coalesce(CAST(u.gpu_hours AS VARCHAR), ''), coalesce(CAST(u.review_minutes AS VARCHAR), '')) AS line
  FROM run.watched_month AS w
  JOIN rating.usage_day AS u ON u.usage_date >= add_months(w.billing_month, -1) AND u.usage_date < add_months(w.billing_month, 1)
), line AS (
  SELECT billing_month, line FROM charge
  UNION ALL
  SELECT billing_month, line FROM logged
)
SELECT w.billing_month, coalesce(d.evidence, 'none') AS evidence
FROM run.watched_month AS w
LEFT JOIN (SELECT billing_month, digest_of(line) AS evidence FROM line GROUP BY billing_month) AS d ON d.billing_month = w.billing_month
