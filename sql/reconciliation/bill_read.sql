-- Every line of a bill is typed once, and none is rejected: a bill with a line that nobody can read is not a bill.
-- A cost dump is of one organization, since a later dump of a day replaces the whole day; and an invoice lies in one file.
WITH landed AS (
  SELECT f.source_id, count_sum(f.records) AS records
  FROM run.landed_file AS f
  JOIN run.source AS s ON s.source_id = f.source_id AND s.kind NOT IN ('usage', 'openai-usage', 'anthropic-usage')
  GROUP BY f.source_id
), typed AS (
  SELECT source_id, count(*) AS n, count_sum(CASE WHEN fate = 'rejected' THEN 1 ELSE 0 END) AS rejected FROM staging.bill_line GROUP BY source_id
)
SELECT 'bill_read' AS control, l.source_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(l.records AS DECIMAL(38,12)) AS expected, CAST(coalesce(t.n, 0) AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM landed AS l
LEFT JOIN typed AS t ON t.source_id = l.source_id
UNION ALL
SELECT 'bill_rejected', source_id, NULL, NULL, CAST(0 AS DECIMAL(38,12)), CAST(rejected AS DECIMAL(38,12)), CAST(0 AS DECIMAL(38,12))
FROM typed
UNION ALL
SELECT 'one_organization', l.source_id, NULL, NULL, CAST(1 AS DECIMAL(38,12)), CAST(count(DISTINCT l.account_id) AS DECIMAL(38,12)), CAST(0 AS DECIMAL(38,12))
FROM staging.bill_line AS l
JOIN run.source AS s ON s.source_id = l.source_id AND s.kind = 'openai-costs'
WHERE l.fate IN ('loaded', 'superseded') AND l.account_id IS NOT NULL
GROUP BY l.source_id
UNION ALL
SELECT 'invoice_once', l.source_id || ' ' || l.invoice_id, NULL, NULL, CAST(1 AS DECIMAL(38,12)), CAST(count(DISTINCT l.file) AS DECIMAL(38,12)), CAST(0 AS DECIMAL(38,12))
FROM staging.bill_line AS l
JOIN run.source AS s ON s.source_id = l.source_id AND s.kind = 'invoice-csv'
WHERE l.fate = 'loaded'
GROUP BY l.source_id, l.invoice_id
