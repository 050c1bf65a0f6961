-- Records that do not count, with the reason and their place. Refused ones and late ones apart: of each the statistics of the files tell
-- which have any, so that a log without them is not read.
SELECT e.source_id, e.file, e."row", e.reject AS reason, day_of(e.event_time) AS usage_date
FROM raw.usage_event AS e
WHERE e.reject IS NOT NULL
UNION ALL
SELECT e.source_id, e.file, e."row", 'after_as_of' AS reason, day_of(e.event_time) AS usage_date
FROM raw.usage_event AS e
CROSS JOIN run.period AS p
WHERE e.reject IS NULL AND e.event_time >= CAST(add_days(p.as_of, 1) AS TIMESTAMP(6))
UNION ALL
SELECT source_id, file, "row", reject_reason AS reason, day_of(charge_start) AS usage_date
FROM staging.bill_line
WHERE fate = 'rejected'
UNION ALL
SELECT source_id, file, "row", reject_reason, usage_date
FROM staging.billed_figure
WHERE fate = 'rejected'
