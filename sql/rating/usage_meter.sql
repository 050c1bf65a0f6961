-- One row a meter. Here, once, a sampled quantity is divided by its rate.
WITH meter AS (
  SELECT * FROM (VALUES ('input_tokens'), ('cache_read_tokens'), ('cache_write_tokens'), ('cache_write_1h_tokens'), ('output_tokens'),
    ('embedding_tokens'), ('embeddings'), ('requests'), ('vector_queries'), ('vector_read_units'), ('vector_write_units'), ('tool_calls'),
    ('search_queries'), ('rerank_queries'), ('images'), ('storage_gb_months'), ('egress_gb'), ('gpu_hours'), ('review_minutes')) AS m(meter)
), logged AS (
  SELECT u.usage_no, u.usage_date, u.rate_key, u.sample_rate, m.meter,
    CASE m.meter WHEN 'input_tokens' THEN CAST(u.input_tokens AS DECIMAL(26,6)) WHEN 'cache_read_tokens' THEN u.cache_read_tokens
      WHEN 'cache_write_tokens' THEN u.cache_write_tokens WHEN 'cache_write_1h_tokens' THEN u.cache_write_1h_tokens
      WHEN 'output_tokens' THEN u.output_tokens WHEN 'embedding_tokens' THEN u.embedding_tokens WHEN 'embeddings' THEN u.embeddings
      WHEN 'requests' THEN u.requests WHEN 'vector_queries' THEN u.vector_queries WHEN 'vector_read_units' THEN u.vector_read_units
      WHEN 'vector_write_units' THEN u.vector_write_units WHEN 'tool_calls' THEN u.tool_calls WHEN 'search_queries' THEN u.search_queries
      WHEN 'rerank_queries' THEN u.rerank_queries WHEN 'images' THEN u.images WHEN 'storage_gb_months' THEN u.storage_gb_months
      WHEN 'egress_gb' THEN u.egress_gb WHEN 'gpu_hours' THEN u.gpu_hours WHEN 'review_minutes' THEN u.review_minutes END AS logged_quantity
  FROM rating.usage_day AS u
  CROSS JOIN meter AS m
)
SELECT usage_no, usage_date, rate_key, meter,
       CAST(CASE WHEN sample_rate = 1 THEN logged_quantity ELSE divide_by_rate(logged_quantity, sample_rate) END AS DECIMAL(18,6)) AS quantity
FROM logged
WHERE logged_quantity > 0
