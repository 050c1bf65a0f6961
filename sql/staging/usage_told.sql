-- Usage records that may count: not rejected, and told of a time that has come. Some of them were told before.
SELECT e.source_id, e.file, e."row", e.event_key, e.event_id, e.record_key, e.recorded_at
FROM raw.usage_event AS e
CROSS JOIN run.period AS p
WHERE e.reject IS NULL AND e.event_time < CAST(add_days(p.as_of, 1) AS TIMESTAMP(6))
