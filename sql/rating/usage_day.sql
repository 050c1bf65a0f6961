-- Usage by day, wide: quantities as logged, one column a meter. Feature, band and tier are fixed per event here; nothing later sees an event.
WITH tagged AS (
  SELECT e.*, k.rate_key, k.sku, k.charged_by, CASE WHEN p.keeps_customer THEN e.customer_id END AS kept_customer,
    CASE WHEN e.feature_id IS NOT NULL THEN f.feature_id WHEN a.feature_id IS NOT NULL THEN a.feature_id ELSE m.feature_id END AS registered,
    CASE WHEN f.feature_id IS NOT NULL THEN 'tag' WHEN e.feature_id IS NOT NULL THEN 'unregistered_feature'
         WHEN a.feature_id IS NOT NULL THEN 'account' WHEN m.feature_id IS NOT NULL THEN 'principal' ELSE 'untagged' END AS attribution,
    s.stated_cost AND e.stated_cost IS NOT NULL
      AND (e.stated_cost <> 0 OR e.prompt_tokens + coalesce(e.output_tokens, 0) + coalesce(e.embedding_tokens, 0) = 0) AS stated,
    s.stated_cost AND e.stated_cost = 0 AND e.prompt_tokens + coalesce(e.output_tokens, 0) + coalesce(e.embedding_tokens, 0) > 0 AS stated_zero
  FROM staging.usage_event AS e
  CROSS JOIN run.period AS p
  JOIN run.source AS s ON s.source_id = e.source_id
  JOIN rating.rate_key AS k ON k.provider = e.provider AND k.model = e.model AND k.service_tier = e.service_tier AND k.region = e.region
    AND e.event_time >= k.valid_from AND e.event_time < k.valid_to AND e.usage_minute >= k.minute_from AND e.usage_minute < k.minute_to
    AND e.prompt_tokens >= k.prompt_from AND e.prompt_tokens < k.prompt_to
  LEFT JOIN run.feature AS f ON f.feature_id = e.feature_id
  LEFT JOIN run.feature_mapping AS a ON a.kind = 'account' AND a.value = e.account_id
  LEFT JOIN run.feature_mapping AS m ON m.kind = 'principal' AND m.value = e.principal_id
), summed AS (
  SELECT usage_date, source_id, rate_key, provider, account_id, model, sku, charged_by, service_tier, region, cache_hit, sample_rate,
    coalesce(registered, '(unallocated)') AS feature_id,
    CASE WHEN registered IS NULL THEN '(unallocated)' ELSE coalesce(kept_customer, '(unallocated)') END AS customer_id,
    attribution, CASE WHEN registered IS NULL THEN tagged.feature_id END AS feature_tag, stated,
    count(*) AS events, count_sum(CASE WHEN stated_zero THEN 1 ELSE 0 END) AS stated_zeros,
    money_sum(CASE WHEN stated THEN stated_cost ELSE CAST(0 AS DECIMAL(38,12)) END) AS stated_cost,
    count_sum(input_tokens) AS input_tokens, count_sum(cache_read_tokens) AS cache_read_tokens, count_sum(cache_write_tokens) AS cache_write_tokens,
    count_sum(cache_write_1h_tokens) AS cache_write_1h_tokens, count_sum(output_tokens) AS output_tokens,
    count_sum(embedding_tokens) AS embedding_tokens, count_sum(embeddings) AS embeddings, count_sum(requests) AS requests,
    count_sum(vector_queries) AS vector_queries, count_sum(vector_read_units) AS vector_read_units,
    count_sum(vector_write_units) AS vector_write_units, count_sum(tool_calls) AS tool_calls, count_sum(search_queries) AS search_queries,
    count_sum(rerank_queries) AS rerank_queries, count_sum(images) AS images, quantity_sum(storage_gb_months) AS storage_gb_months,
    quantity_sum(egress_gb) AS egress_gb, quantity_sum(gpu_hours) AS gpu_hours, quantity_sum(review_minutes) AS review_minutes
  FROM tagged
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
)
SELECT row_number() OVER (ORDER BY usage_date, source_id, rate_key, account_id, cache_hit, sample_rate, feature_id, customer_id, attribution,
                                   feature_tag, stated) AS usage_no, summed.*
FROM summed
