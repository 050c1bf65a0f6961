-- Usage by day and by the words of the log, wide, of the days that are read. Nothing later sees an event. Meters that few events have are summed apart,
-- over those events: each column that an aggregate carries is time on every event.
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
