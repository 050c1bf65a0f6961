-- Figures of OpenAI's usage API, typed, with the meter that each is: of each daily bucket of an endpoint the last delivery counts.
-- input_tokens holds what was read from and written to the cache, so those come off it, and where one of them cannot be read nobody knows the rest;
-- what only tells parts of another figure counts no second time.
WITH latest AS (
  SELECT source_id, coalesce(endpoint, '') AS endpoint, bucket_start, max(delivery) AS delivery
  FROM raw.openai_usage
  WHERE bucket_start IS NOT NULL
  GROUP BY source_id, coalesce(endpoint, ''), bucket_start
), figure AS (
  SELECT u.*, s.provider, s.account, u.delivery < l.delivery AS superseded, quantity_value(u.quantity) AS told,
    coalesce(u.endpoint, 'unknown') || '.' || u.figure AS full_name, utc_from_seconds(u.bucket_start) AS starts, utc_from_seconds(u.bucket_end) AS ends
  FROM raw.openai_usage AS u
  JOIN run.source AS s ON s.source_id = u.source_id
  LEFT JOIN latest AS l ON l.source_id = u.source_id AND l.endpoint = coalesce(u.endpoint, '') AND l.bucket_start = u.bucket_start
), reckoned AS (
  SELECT f.*,
    CASE WHEN full_name = 'completions.input_tokens'
         THEN told - coalesce(sum(CASE WHEN figure IN ('input_cached_tokens', 'input_cache_write_tokens') THEN told END)
                              OVER (PARTITION BY source_id, file, result), CAST(0 AS DECIMAL(26,6)))
         ELSE told END AS quantity_alone,
    full_name = 'completions.input_tokens' AND max(CASE WHEN figure IN ('input_cached_tokens', 'input_cache_write_tokens') AND told IS NULL THEN 1 ELSE 0 END)
      OVER (PARTITION BY source_id, file, result) = 1 AS is_beside_unread,
    CASE WHEN full_name IN ('completions.input_tokens', 'moderations.input_tokens') THEN 'input_tokens'
         WHEN full_name = 'completions.input_cached_tokens' THEN 'cache_read_tokens' WHEN full_name = 'completions.input_cache_write_tokens' THEN 'cache_write_tokens'
         WHEN full_name = 'completions.output_tokens' THEN 'output_tokens' WHEN full_name = 'embeddings.input_tokens' THEN 'embedding_tokens'
         WHEN full_name = 'images.images' THEN 'images' WHEN full_name = 'web_search_calls.num_requests' THEN 'search_queries'
         WHEN endpoint IS NOT NULL AND endpoint <> 'web_search_calls' AND figure = 'num_model_requests' THEN 'requests'
         WHEN full_name IN ('web_search_calls.num_model_requests', 'completions.input_uncached_tokens', 'completions.input_text_tokens',
           'completions.output_text_tokens', 'completions.input_cached_text_tokens', 'completions.input_audio_tokens',
           'completions.input_cached_audio_tokens', 'completions.output_audio_tokens', 'completions.input_image_tokens',
           'completions.input_cached_image_tokens', 'completions.output_image_tokens') THEN '(part)'
         ELSE '(' || full_name || ')' END AS meter
  FROM figure AS f
), judged AS (
  SELECT r.*,
    CASE WHEN starts IS NULL THEN 'start_time: not a time' WHEN reject IS NOT NULL THEN reject
         WHEN ends IS NULL OR seconds_between(starts, ends) <> 86400 THEN 'end_time: not a bucket of a day' WHEN empty_bucket = 'true' THEN NULL
         WHEN told IS NULL THEN figure || ': not a quantity'
         WHEN is_beside_unread THEN figure || ': its cached part cannot be read' WHEN quantity_alone < 0 AND told >= 0 THEN figure || ': less than its cached part' END AS problem
  FROM reckoned AS r
)
SELECT
  source_id, file, "row",
  CASE WHEN coalesce(superseded, false) THEN 'superseded' WHEN problem IS NOT NULL THEN 'rejected' WHEN empty_bucket = 'true' THEN 'empty'
       WHEN meter = '(part)' THEN 'part' ELSE 'loaded' END AS fate,
  problem AS reject_reason, provider, account AS account_id, project_id AS sub_account_id, day_of(starts) AS usage_date, endpoint, figure, model,
  CASE WHEN batch = 'true' THEN 'batch' WHEN lower(service_tier) = 'default' THEN 'standard' ELSE lower(service_tier) END AS service_tier,
  CASE WHEN empty_bucket = 'false' AND meter <> '(part)' THEN meter END AS meter,
  CASE WHEN empty_bucket = 'false' AND problem IS NULL THEN CAST(quantity_alone AS DECIMAL(26,6)) END AS quantity
FROM judged
