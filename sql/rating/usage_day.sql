-- Usage by day, wide: quantities as logged, one column a meter. What follows from the words of the log (the sku, the registered feature)
-- is joined to sums, and never to an event. Rows are numbered day by day: days are numbered side by side, and another day moves no number.
WITH tagged AS (
  SELECT c.*, s.stated_cost AND c.own_cost = 'figure' AS stated, CASE WHEN s.stated_cost AND c.own_cost = 'zero' THEN c.events ELSE 0 END AS zeros,
    CASE WHEN c.tag IS NOT NULL THEN f.feature_id WHEN a.feature_id IS NOT NULL THEN a.feature_id ELSE c.principal_feature END AS registered,
    CASE WHEN f.feature_id IS NOT NULL THEN 'tag' WHEN c.tag IS NOT NULL THEN 'unregistered_feature' WHEN a.feature_id IS NOT NULL THEN 'account'
         WHEN c.principal_feature IS NOT NULL THEN 'principal' ELSE 'untagged' END AS attribution
  FROM rating.day_sum AS c
  JOIN run.source AS s ON s.source_id = c.source_id
  LEFT JOIN run.feature AS f ON f.feature_id = c.tag
  LEFT JOIN run.feature_mapping AS a ON a.kind = 'account' AND a.value = c.account_id
), summed AS (
  SELECT usage_date, source_id, rate_key, account_id, cache_hit, sample_rate, coalesce(registered, '(unallocated)') AS feature_id,
    CASE WHEN registered IS NULL THEN '(unallocated)' ELSE coalesce(customer_id, '(unallocated)') END AS customer_id,
    attribution, CASE WHEN registered IS NULL THEN tag END AS feature_tag, stated,
    count_sum(events) AS events, count_sum(zeros) AS stated_zeros,
    money_sum(CASE WHEN stated THEN stated_cost ELSE CAST(0 AS DECIMAL(38,12)) END) AS stated_cost,
    count_sum(input_tokens) AS input_tokens, count_sum(cache_read_tokens) AS cache_read_tokens, count_sum(cache_write_tokens) AS cache_write_tokens,
    count_sum(cache_write_1h_tokens) AS cache_write_1h_tokens, count_sum(output_tokens) AS output_tokens,
    count_sum(embedding_tokens) AS embedding_tokens, count_sum(embeddings) AS embeddings, count_sum(requests) AS requests,
    count_sum(vector_queries) AS vector_queries, count_sum(vector_read_units) AS vector_read_units,
    count_sum(vector_write_units) AS vector_write_units, count_sum(tool_calls) AS tool_calls, count_sum(search_queries) AS search_queries,
    count_sum(rerank_queries) AS rerank_queries, count_sum(images) AS images, quantity_sum(storage_gb_months) AS storage_gb_months,
    quantity_sum(egress_gb) AS egress_gb, quantity_sum(gpu_hours) AS gpu_hours, quantity_sum(review_minutes) AS review_minutes
  FROM tagged
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT days_between(DATE '1970-01-01', u.usage_date) * 1000000000
         + row_number() OVER (PARTITION BY u.usage_date ORDER BY u.source_id, u.rate_key, u.account_id, u.cache_hit, u.sample_rate, u.feature_id, u.customer_id,
                                                                 u.attribution, u.feature_tag, u.stated) AS usage_no,
  u.usage_date, u.source_id, u.rate_key, k.provider, u.account_id, k.model, k.sku, k.charged_by, k.service_tier, k.region, u.cache_hit, u.sample_rate,
  u.feature_id, u.customer_id, u.attribution, u.feature_tag, u.stated, u.events, u.stated_zeros, u.stated_cost,
  u.input_tokens, u.cache_read_tokens, u.cache_write_tokens, u.cache_write_1h_tokens, u.output_tokens, u.embedding_tokens, u.embeddings, u.requests,
  u.vector_queries, u.vector_read_units, u.vector_write_units, u.tool_calls, u.search_queries, u.rerank_queries, u.images, u.storage_gb_months,
  u.egress_gb, u.gpu_hours, u.review_minutes
FROM summed AS u
JOIN rating.rate_key AS k ON k.rate_key = u.rate_key
