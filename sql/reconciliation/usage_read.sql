-- Every usage record read is loaded, told again, or rejected.
WITH landed AS (
  SELECT f.source_id, count_sum(f.records) AS records
  FROM run.landed_file AS f
  JOIN run.source AS s ON s.source_id = f.source_id AND s.kind = 'usage'
  GROUP BY f.source_id
), fate AS (
  SELECT source_id, count_sum(events) AS n FROM staging.used_model GROUP BY source_id
  UNION ALL
  SELECT source_id, count(*) FROM staging.usage_duplicate GROUP BY source_id
  UNION ALL
  SELECT r.source_id, count(*) FROM staging.rejected_record AS r JOIN run.source AS s ON s.source_id = r.source_id AND s.kind = 'usage' GROUP BY r.source_id
), counted AS (
  SELECT source_id, count_sum(n) AS n FROM fate GROUP BY source_id
)
SELECT 'usage_read' AS control, l.source_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(l.records AS DECIMAL(38,12)) AS expected, CAST(coalesce(c.n, 0) AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM landed AS l
LEFT JOIN counted AS c ON c.source_id = l.source_id
