-- Records told more than once. Of equal ids the latest recorded counts, then the greatest file name and row, never the order of arrival;
-- records without an id count as often as in the one file that holds them most.
WITH told AS (
  SELECT e.source_id, e.file, e."row", e.event_key, e.event_id, e.record_key, e.recorded_at
  FROM raw.usage_event AS e
  CROSS JOIN run.period AS p
  WHERE e.reject IS NULL AND e.event_time < CAST(add_days(p.as_of, 1) AS TIMESTAMP(6))
), repeated_key AS (
  SELECT source_id, event_key FROM told WHERE event_id IS NOT NULL GROUP BY source_id, event_key HAVING count(*) > 1
), ranked AS (
  SELECT t.source_id, t.file, t."row",
         row_number() OVER (PARTITION BY t.source_id, t.event_id
                            ORDER BY t.recorded_at DESC NULLS LAST, t.file DESC, t."row" DESC) AS place
  FROM told AS t
  JOIN repeated_key AS r ON r.source_id = t.source_id AND r.event_key = t.event_key
  WHERE t.event_id IS NOT NULL
), copies AS (
  SELECT source_id, record_key, file, count(*) AS copies FROM told WHERE event_id IS NULL GROUP BY source_id, record_key, file
), fullest AS (
  SELECT source_id, record_key, file,
         row_number() OVER (PARTITION BY source_id, record_key ORDER BY copies DESC, file DESC) AS place
  FROM copies
)
SELECT source_id, file, "row" FROM ranked WHERE place > 1
UNION ALL
SELECT t.source_id, t.file, t."row"
FROM told AS t
JOIN fullest AS f ON f.source_id = t.source_id AND f.record_key = t.record_key AND f.file = t.file
WHERE t.event_id IS NULL AND f.place > 1
