-- The sums of every day: those of the days that were read, and as they are those that an earlier run kept, with the number that their price band has now.
-- Days of months that are not computed are left out.
SELECT usage_date, source_id, rate_key, account_id, cache_hit, sample_rate, tag, principal_feature, customer_id, own_cost, events, stated_cost,
  input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, embedding_tokens, embeddings, requests, vector_queries,
  vector_read_units, vector_write_units, tool_calls, search_queries, rerank_queries, images, storage_gb_months, egress_gb, gpu_hours, review_minutes
FROM rating.usage_sum AS s
LEFT JOIN run.unchanged_month AS u ON u.billing_month = month_start(s.usage_date)
WHERE u.billing_month IS NULL
UNION ALL
SELECT k.usage_date, k.source_id, b.rate_key, k.account_id, k.cache_hit, k.sample_rate, k.tag, k.principal_feature, k.customer_id, k.own_cost, k.events,
  k.stated_cost, k.input_tokens, k.cache_read_tokens, k.cache_write_tokens, k.cache_write_1h_tokens, k.output_tokens, k.embedding_tokens,
  k.embeddings, k.requests, k.vector_queries, k.vector_read_units, k.vector_write_units, k.tool_calls, k.search_queries, k.rerank_queries,
  k.images, k.storage_gb_months, k.egress_gb, k.gpu_hours, k.review_minutes
FROM run.kept_sum AS k
LEFT JOIN run.unchanged_month AS u ON u.billing_month = month_start(k.usage_date)
JOIN rating.rate_key AS b ON b.provider = k.provider AND b.model = k.model AND b.service_tier = k.service_tier AND b.region = k.region
  AND b.valid_from = k.valid_from AND b.minute_from = k.minute_from AND b.prompt_from = k.prompt_from
WHERE u.billing_month IS NULL
