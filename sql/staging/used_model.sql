-- What was used, by the words of the log: the few keys that prices are looked up by, and how many events count for each.
SELECT source_id, provider, model, service_tier, region, count(*) AS events
FROM staging.usage_event
GROUP BY source_id, provider, model, service_tier, region
