-- Records told more than once. Of equal ids the latest recorded counts, then the greatest file name and row, never the order of arrival;
-- records without an id count as often as in the one file that holds them most. Keys are compared first, and full ids among equal keys.
-- Duplicates on days that are not read again are known from an earlier run.
WITH repeated_key AS (
  SELECT event_key FROM staging.usage_told WHERE event_key IS NOT NULL GROUP BY event_key HAVING count(*) > 1
), ranked AS (
  SELECT t.source_id, t.file, t."row", t.event_key,
         row_number() OVER (PARTITION BY t.source_id, t.event_id
                            ORDER BY t.recorded_at DESC NULLS LAST, t.file DESC, t."row" DESC) AS place
  FROM staging.usage_told AS t
  JOIN repeated_key AS r ON r.event_key = t.event_key
  WHERE t.event_id IS NOT NULL
), copies AS (
  SELECT source_id, record_key, file, count(*) AS copies FROM staging.usage_told WHERE event_id IS NULL GROUP BY source_id, record_key, file
), fullest AS (
  SELECT source_id, record_key, file,
         row_number() OVER (PARTITION BY source_id, record_key ORDER BY copies DESC, file DESC) AS place
  FROM copies
)
SELECT source_id, file, "row", event_key, CAST(NULL AS VARCHAR) AS record_key FROM ranked WHERE place > 1
UNION
SELECT t.source_id, t.file, t."row", t.event_key, t.record_key
FROM staging.usage_told AS t
JOIN fullest AS f ON f.source_id = t.source_id AND f.record_key = t.record_key AND f.file = t.file
WHERE t.event_id IS NULL AND f.place > 1
UNION
SELECT source_id, file, "row", event_key, record_key FROM run.kept_duplicate
