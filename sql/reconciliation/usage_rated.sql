-- Every usage event that counts falls into exactly one price band.
WITH staged AS (
  SELECT source_id, count_sum(events) AS n FROM staging.used_model GROUP BY source_id
), rated AS (
  SELECT source_id, count_sum(events) AS n FROM rating.usage_day GROUP BY source_id
)
SELECT 'usage_rated' AS control, s.source_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(s.n AS DECIMAL(38,12)) AS expected, CAST(coalesce(r.n, 0) AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM staged AS s
LEFT JOIN rated AS r ON r.source_id = s.source_id
