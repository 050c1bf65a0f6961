-- Rated usage that no bill covers: the features that used it bear it, as an estimate.
SELECT month_start(u.usage_date) AS billing_month, u.usage_date, u.provider, u.account_id, u.sku, u.meter, u.currency, u.feature_id, u.customer_id,
       CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution END AS reason, u.feature_tag,
       money_sum(u.rated_amount) AS amount
FROM rating.rated_usage AS u
CROSS JOIN run.period AS p
LEFT JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
  AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
WHERE c.provider IS NULL AND u.rated_amount <> 0 AND u.usage_date >= p.start_month
GROUP BY u.usage_date, u.provider, u.account_id, u.sku, u.meter, u.currency, u.feature_id, u.customer_id,
         CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution END, u.feature_tag
