-- Rated usage that no bill covers, by the currency of its prices: the features that used it bear it, as an estimate.
SELECT month_start(u.usage_date) AS billing_month, u.provider, u.original_currency, u.exchange_rate, u.currency,
       money_sum(u.original_amount) AS original_amount, money_sum(u.rated_amount) AS amount, count(*) AS items
FROM rating.rated_usage AS u
CROSS JOIN run.period AS p
LEFT JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
  AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
WHERE c.provider IS NULL AND u.rated_amount <> 0 AND u.usage_date >= p.start_month
GROUP BY month_start(u.usage_date), u.provider, u.original_currency, u.exchange_rate, u.currency
