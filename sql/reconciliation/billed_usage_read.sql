-- Every figure of billed usage is typed once. One that nobody can read is told, and stops nothing: no money is made of it.
WITH landed AS (
  SELECT f.source_id, count_sum(f.records) AS records
  FROM run.landed_file AS f
  JOIN run.source AS s ON s.source_id = f.source_id AND s.kind IN ('openai-usage', 'anthropic-usage')
  GROUP BY f.source_id
), typed AS (
  SELECT source_id, count(*) AS n FROM staging.billed_figure GROUP BY source_id
)
SELECT 'billed_usage_read' AS control, l.source_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(l.records AS DECIMAL(38,12)) AS expected, CAST(coalesce(t.n, 0) AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM landed AS l
LEFT JOIN typed AS t ON t.source_id = l.source_id
