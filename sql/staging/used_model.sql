-- What was used, by the words of the log: the few keys that prices are looked up by, and how many events count for each.
WITH used AS (
  SELECT source_id, provider, model, service_tier, region, count(*) AS events
  FROM staging.usage_event
  GROUP BY source_id, provider, model, service_tier, region
  UNION ALL
  SELECT source_id, provider, model, service_tier, region, count_sum(events) AS events
  FROM run.kept_sum
  GROUP BY source_id, provider, model, service_tier, region
)
SELECT source_id, provider, model, service_tier, region, count_sum(events) AS events
FROM used
GROUP BY source_id, provider, model, service_tier, region
