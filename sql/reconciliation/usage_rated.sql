-- Every usage event that counts falls into exactly one price band. Those of months that are not computed were rated by the run that computed them.
WITH staged AS (
  SELECT source_id, count_sum(events) AS n FROM staging.used_model GROUP BY source_id
), counted AS (
  SELECT source_id, events FROM rating.usage_day
  UNION ALL
  SELECT k.source_id, k.events FROM rating.kept_sum AS k JOIN run.unchanged_month AS u ON u.billing_month = month_start(k.usage_date)
), rated AS (
  SELECT source_id, count_sum(events) AS n FROM counted GROUP BY source_id
)
SELECT 'usage_rated' AS control, s.source_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(s.n AS DECIMAL(38,12)) AS expected, CAST(coalesce(r.n, 0) AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM staged AS s
LEFT JOIN rated AS r ON r.source_id = s.source_id
