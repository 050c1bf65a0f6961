-- Usage events that count: neither rejected, nor told again, nor after the as-of day. Tiers and absent tags get one spelling.
SELECT
  e.source_id, e.file, e."row", e.event_id, e.event_time, day_of(e.event_time) AS usage_date, minute_of_day(e.event_time) AS usage_minute,
  e.provider, e.account_id, coalesce(e.model, '') AS model, coalesce(e.region, '') AS region,
  CASE WHEN e.batch THEN 'batch'
       WHEN lower(coalesce(e.service_tier, '')) IN ('', 'auto', 'default', 'standard', 'on_demand') THEN 'standard'
       ELSE lower(e.service_tier) END AS service_tier,
  coalesce(e.cache = 'hit', false) AS cache_hit, e.feature_id, e.customer_id, e.principal_id,
  coalesce(e.sample_rate, CAST(1 AS DECIMAL(9,6))) AS sample_rate,
  e.input_tokens, e.cache_read_tokens, e.cache_write_tokens, e.cache_write_1h_tokens, e.output_tokens, e.embedding_tokens, e.embeddings,
  e.requests, e.vector_queries, e.vector_read_units, e.vector_write_units, e.tool_calls, e.search_queries, e.rerank_queries, e.images,
  e.storage_gb_months, e.egress_gb, e.gpu_hours, e.review_minutes, e.stated_cost,
  coalesce(e.input_tokens, 0) + coalesce(e.cache_read_tokens, 0) + coalesce(e.cache_write_tokens, 0)
    + coalesce(e.cache_write_1h_tokens, 0) AS prompt_tokens
FROM raw.usage_event AS e
CROSS JOIN run.period AS p
LEFT JOIN staging.usage_duplicate AS d ON d.source_id = e.source_id AND d.file = e.file AND d."row" = e."row"
WHERE e.reject IS NULL AND d.source_id IS NULL AND e.event_time < CAST(add_days(p.as_of, 1) AS TIMESTAMP(6))
