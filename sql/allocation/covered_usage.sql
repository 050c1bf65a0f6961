-- Days, accounts and tiers of metered usage of which a money bill tells: there features bear the bill, elsewhere the rated amount.
WITH used AS (
  SELECT DISTINCT provider, account_id, service_tier, usage_date FROM rating.rated_usage
)
SELECT u.provider, u.account_id, u.service_tier, u.usage_date, min(s.source_id) AS source_id
FROM used AS u
JOIN run.source AS s ON s.role = 'money' AND s.covers_usage AND s.provider = u.provider
  AND (s.account IS NULL OR u.account_id IS NULL OR s.account = u.account_id)
JOIN staging.billed_day AS d ON d.source_id = s.source_id AND d.usage_date = u.usage_date
LEFT JOIN run.source_left_out AS o ON o.source_id = s.source_id AND o.service_tier = u.service_tier
WHERE o.source_id IS NULL
GROUP BY u.provider, u.account_id, u.service_tier, u.usage_date
