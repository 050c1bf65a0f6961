-- Usage by day and by the words of the log, wide. Nothing later sees an event; days whose sums are kept come as they are. Meters that few events have are summed apart, over those events:
-- each column that an aggregate carries is time on every event.
WITH frequent AS (
  SELECT usage_date, source_id, rate_key, account_id, cache_hit, sample_rate, tag, principal_feature, customer_id, own_cost,
    count(*) AS events, money_sum(stated_cost) AS stated_cost, count_sum(input_tokens) AS input_tokens,
    count_sum(cache_read_tokens) AS cache_read_tokens, count_sum(cache_write_tokens) AS cache_write_tokens,
    count_sum(cache_write_1h_tokens) AS cache_write_1h_tokens, count_sum(output_tokens) AS output_tokens,
    count_sum(embedding_tokens) AS embedding_tokens, count_sum(requests) AS requests
  FROM rating.banded_event
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), rare AS (
  SELECT usage_date, source_id, rate_key, account_id, cache_hit, sample_rate, tag, principal_feature, customer_id, own_cost,
    count_sum(embeddings) AS embeddings, count_sum(vector_queries) AS vector_queries, count_sum(vector_read_units) AS vector_read_units,
    count_sum(vector_write_units) AS vector_write_units, count_sum(tool_calls) AS tool_calls, count_sum(search_queries) AS search_queries,
    count_sum(rerank_queries) AS rerank_queries, count_sum(images) AS images, quantity_sum(storage_gb_months) AS storage_gb_months,
    quantity_sum(egress_gb) AS egress_gb, quantity_sum(gpu_hours) AS gpu_hours, quantity_sum(review_minutes) AS review_minutes
  FROM rating.banded_event
  WHERE coalesce(embeddings, vector_queries, vector_read_units, vector_write_units, tool_calls, search_queries, rerank_queries, images) IS NOT NULL
    OR coalesce(storage_gb_months, egress_gb, gpu_hours, review_minutes) IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)
SELECT f.usage_date, f.source_id, f.rate_key, f.account_id, f.cache_hit, f.sample_rate, f.tag, f.principal_feature, f.customer_id, f.own_cost,
  f.events, f.stated_cost, f.input_tokens, f.cache_read_tokens, f.cache_write_tokens, f.cache_write_1h_tokens, f.output_tokens, f.embedding_tokens,
  r.embeddings, f.requests, r.vector_queries, r.vector_read_units, r.vector_write_units, r.tool_calls, r.search_queries, r.rerank_queries, r.images,
  r.storage_gb_months, r.egress_gb, r.gpu_hours, r.review_minutes
FROM frequent AS f
LEFT JOIN rare AS r ON r.usage_date = f.usage_date AND r.source_id = f.source_id AND r.rate_key = f.rate_key AND r.cache_hit = f.cache_hit
  AND r.sample_rate = f.sample_rate AND r.own_cost = f.own_cost AND r.account_id IS NOT DISTINCT FROM f.account_id
  AND r.tag IS NOT DISTINCT FROM f.tag AND r.principal_feature IS NOT DISTINCT FROM f.principal_feature
  AND r.customer_id IS NOT DISTINCT FROM f.customer_id
UNION ALL
SELECT k.usage_date, k.source_id, b.rate_key, k.account_id, k.cache_hit, k.sample_rate, k.tag, k.principal_feature, k.customer_id, k.own_cost, k.events,
  k.stated_cost, k.input_tokens, k.cache_read_tokens, k.cache_write_tokens, k.cache_write_1h_tokens, k.output_tokens, k.embedding_tokens,
  k.embeddings, k.requests, k.vector_queries, k.vector_read_units, k.vector_write_units, k.tool_calls, k.search_queries, k.rerank_queries,
  k.images, k.storage_gb_months, k.egress_gb, k.gpu_hours, k.review_minutes
FROM run.kept_sum AS k
JOIN rating.rate_key AS b ON b.provider = k.provider AND b.model = k.model AND b.service_tier = k.service_tier AND b.region = k.region
  AND b.valid_from = k.valid_from AND b.minute_from = k.minute_from AND b.prompt_from = k.prompt_from
