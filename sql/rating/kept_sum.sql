-- The sums of days as they are kept for the next run: a price band by what it is, since its number is that of one run.
SELECT s.usage_date, s.source_id, k.provider, k.model, k.service_tier, k.region, k.valid_from, k.minute_from, k.prompt_from, s.account_id,
  s.cache_hit, s.sample_rate, s.tag, s.principal_feature, s.customer_id, s.own_cost, s.events, s.stated_cost, s.input_tokens,
  s.cache_read_tokens, s.cache_write_tokens, s.cache_write_1h_tokens, s.output_tokens, s.embedding_tokens, s.embeddings, s.requests,
  s.vector_queries, s.vector_read_units, s.vector_write_units, s.tool_calls, s.search_queries, s.rerank_queries, s.images,
  s.storage_gb_months, s.egress_gb, s.gpu_hours, s.review_minutes
FROM rating.usage_sum AS s
JOIN rating.rate_key AS k ON k.rate_key = s.rate_key
UNION ALL
SELECT usage_date, source_id, provider, model, service_tier, region, valid_from, minute_from, prompt_from, account_id,
  cache_hit, sample_rate, tag, principal_feature, customer_id, own_cost, events, stated_cost, input_tokens,
  cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, embedding_tokens, embeddings, requests,
  vector_queries, vector_read_units, vector_write_units, tool_calls, search_queries, rerank_queries, images,
  storage_gb_months, egress_gb, gpu_hours, review_minutes
FROM run.kept_sum
