-- Records that do not count, with the reason and their place.
SELECT e.source_id, e.file, e."row", coalesce(e.reject, 'after_as_of') AS reason, day_of(e.event_time) AS usage_date
FROM raw.usage_event AS e
CROSS JOIN run.period AS p
WHERE e.reject IS NOT NULL OR e.event_time >= CAST(add_days(p.as_of, 1) AS TIMESTAMP(6))
UNION ALL
SELECT source_id, file, "row", reject_reason, day_of(charge_start)
FROM staging.bill_line
WHERE fate = 'rejected'
UNION ALL
SELECT source_id, file, "row", reject_reason, usage_date
FROM staging.billed_figure
WHERE fate = 'rejected'
