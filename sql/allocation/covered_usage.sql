-- Days, accounts and tiers of metered usage of which a money bill tells: there features bear the bill, elsewhere the rated amount.
-- A log may name the billing account, or a project or member account that the bill knows below it.
WITH used AS (
  SELECT DISTINCT provider, account_id, service_tier, usage_date FROM rating.rated_usage
), named AS (
  SELECT source_id, account_id AS billing_account, account_id AS usage_account FROM staging.bill_line WHERE fate = 'loaded' AND account_id IS NOT NULL
  UNION
  SELECT source_id, account_id, sub_account_id FROM staging.bill_line WHERE fate = 'loaded' AND sub_account_id IS NOT NULL
)
SELECT u.provider, u.account_id, u.service_tier, u.usage_date, min(s.source_id) AS source_id
FROM used AS u
JOIN run.source AS s ON s.role = 'money' AND s.covers_usage AND s.provider = u.provider
JOIN staging.billed_day AS d ON d.source_id = s.source_id AND d.usage_date = u.usage_date
LEFT JOIN named AS own ON own.source_id = s.source_id AND own.usage_account = u.account_id
LEFT JOIN run.source_left_out AS o ON o.source_id = s.source_id AND o.service_tier = u.service_tier
WHERE o.source_id IS NULL
  AND (u.account_id IS NULL OR s.account IS NULL OR s.account = u.account_id OR own.source_id IS NOT NULL)
  AND (d.account_id IS NULL OR own.billing_account IS NULL OR own.billing_account = d.account_id)
GROUP BY u.provider, u.account_id, u.service_tier, u.usage_date
