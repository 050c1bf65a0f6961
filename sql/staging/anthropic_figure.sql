-- Figures of Anthropic's usage report and analytics, typed, with the meter that each is: of each daily bucket of either the last delivery counts.
-- No kind of token lies within another: uncached input, cache reads and the two cache writes add up to the input.
-- Both tell of the same calls. The report is the billed side: where it tells of a day, analytics adds what it does not count, such as requests.
WITH latest AS (
  SELECT source_id, coalesce(endpoint, '') AS endpoint, utc_timestamp(bucket_start) AS starts, max(delivery) AS delivery
  FROM raw.anthropic_usage
  WHERE utc_timestamp(bucket_start) IS NOT NULL AND empty_bucket <> 'early'
  GROUP BY source_id, coalesce(endpoint, ''), utc_timestamp(bucket_start)
), figure AS (
  SELECT u.*, s.provider, s.account, u.delivery < l.delivery AS superseded, quantity_value(u.quantity) AS told,
    utc_timestamp(u.bucket_start) AS starts, utc_timestamp(u.bucket_end) AS ends
  FROM raw.anthropic_usage AS u
  JOIN run.source AS s ON s.source_id = u.source_id
  LEFT JOIN latest AS l ON l.source_id = u.source_id AND l.endpoint = coalesce(u.endpoint, '') AND l.starts = utc_timestamp(u.bucket_start)
), reported AS (
  SELECT DISTINCT source_id, starts FROM figure
  WHERE endpoint = 'messages' AND reject IS NULL AND NOT coalesce(superseded, false) AND seconds_between(starts, ends) = 86400
), judged AS (
  SELECT f.*,
    CASE WHEN starts IS NULL THEN 'starting_at: not a time' WHEN reject IS NOT NULL THEN reject
         WHEN ends IS NULL OR seconds_between(starts, ends) <> 86400 THEN 'ending_at: not a bucket of a day' WHEN empty_bucket = 'true' THEN NULL
         WHEN told IS NULL THEN figure || ': not a quantity' END AS problem,
    CASE WHEN endpoint NOT IN ('messages', 'analytics') THEN '(' || endpoint || '.' || figure || ')'
         WHEN figure = 'uncached_input_tokens' THEN 'input_tokens' WHEN figure = 'cache_read_input_tokens' THEN 'cache_read_tokens'
         WHEN figure = 'cache_creation.ephemeral_5m_input_tokens' THEN 'cache_write_tokens'
         WHEN figure = 'cache_creation.ephemeral_1h_input_tokens' THEN 'cache_write_1h_tokens' WHEN figure = 'output_tokens' THEN 'output_tokens'
         WHEN figure = 'server_tool_use.web_search_requests' THEN 'search_queries'
         WHEN endpoint = 'analytics' AND figure = 'requests' THEN 'requests' WHEN endpoint = 'analytics' AND figure = 'total_tokens' THEN '(part)'
         ELSE '(' || endpoint || '.' || figure || ')' END AS meter
  FROM figure AS f
), placed AS (
  SELECT j.*, j.endpoint = 'analytics' AND j.empty_bucket = 'false' AND j.problem IS NULL AND r.source_id IS NOT NULL
    AND j.meter IN ('input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'search_queries') AS is_reported
  FROM judged AS j
  LEFT JOIN reported AS r ON r.source_id = j.source_id AND r.starts = j.starts
)
SELECT
  source_id, file, "row",
  CASE WHEN coalesce(superseded, false) OR coalesce(is_reported, false) THEN 'superseded' WHEN problem IS NOT NULL THEN 'rejected' WHEN empty_bucket = 'true' THEN 'empty'
       WHEN empty_bucket = 'early' THEN 'early' WHEN meter = '(part)' THEN 'part' ELSE 'loaded' END AS fate,
  problem AS reject_reason, provider, account AS account_id, workspace_id AS sub_account_id, day_of(starts) AS usage_date, endpoint, figure, model,
  lower(service_tier) AS service_tier,
  CASE WHEN empty_bucket = 'false' AND meter <> '(part)' THEN meter END AS meter,
  CASE WHEN empty_bucket = 'false' AND problem IS NULL THEN told END AS quantity
FROM placed
