-- Usage events with what their money depends on: the price band, the tags as logged, and what the event says of its own cost.
SELECT e.usage_date, e.source_id, k.rate_key, e.account_id, e.cache_hit, e.sample_rate, e.feature_id AS tag,
  CASE WHEN e.feature_id IS NULL THEN m.feature_id END AS principal_feature, CASE WHEN p.keeps_customer THEN e.customer_id END AS customer_id,
  CASE WHEN e.stated_cost <> 0 THEN 'figure' WHEN e.stated_cost IS NULL THEN 'none'
       WHEN e.prompt_tokens + coalesce(e.output_tokens, 0) + coalesce(e.embedding_tokens, 0) = 0 THEN 'figure' ELSE 'zero' END AS own_cost,
  e.stated_cost, e.input_tokens, e.cache_read_tokens, e.cache_write_tokens, e.cache_write_1h_tokens, e.output_tokens, e.embedding_tokens,
  e.embeddings, e.requests, e.vector_queries, e.vector_read_units, e.vector_write_units, e.tool_calls, e.search_queries, e.rerank_queries,
  e.images, e.storage_gb_months, e.egress_gb, e.gpu_hours, e.review_minutes
FROM staging.usage_event AS e
CROSS JOIN run.period AS p
JOIN rating.rate_key AS k ON k.provider = e.provider AND k.model = e.model AND k.service_tier = e.service_tier AND k.region = e.region
  AND e.event_time >= k.valid_from AND e.event_time < k.valid_to AND e.usage_minute >= k.minute_from AND e.usage_minute < k.minute_to
  AND e.prompt_tokens >= k.prompt_from AND e.prompt_tokens < k.prompt_to
LEFT JOIN run.feature_mapping AS m ON m.kind = 'principal' AND m.value = e.principal_id
