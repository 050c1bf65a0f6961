-- Rated usage as the variance bridge takes it: in the billing month of the bill that covers its day, else in its own. Neither hits of the
-- application's own cache, nor skus that a pool charges, nor counters cost anything.
WITH period AS (
  SELECT DISTINCT source_id, month_start(billing_period_start) AS billing_month, day_of(billing_period_start) AS first_day, day_of(billing_period_end) AS end_day
  FROM staging.bill_line
  WHERE fate IN ('loaded', 'empty') AND billing_period_start IS NOT NULL AND billing_period_end IS NOT NULL
), covered AS (
  SELECT c.provider, c.account_id, c.service_tier, c.usage_date, min(p.billing_month) AS billing_month
  FROM allocation.covered_usage AS c
  LEFT JOIN period AS p ON p.source_id = c.source_id AND p.first_day <= c.usage_date AND p.end_day > c.usage_date
  GROUP BY c.provider, c.account_id, c.service_tier, c.usage_date
), used AS (
  SELECT coalesce(c.billing_month, month_start(u.usage_date)) AS billing_month, u.usage_date, u.provider, u.sku, u.meter, u.service_tier, u.currency,
         c.provider IS NOT NULL AS is_covered, u.rated_amount, u.weight_quantity
  FROM rating.rated_usage AS u
  CROSS JOIN run.period AS b
  LEFT JOIN covered AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
  WHERE u.charged_by <> 'pool' AND u.price_state <> 'weight' AND u.usage_date >= b.start_month AND NOT u.cache_hit
)
SELECT billing_month, usage_date, provider, sku, meter, service_tier, currency, is_covered,
       coalesce(money_sum(rated_amount), CAST(0 AS DECIMAL(38,12))) AS rated_amount, quantity_sum(weight_quantity) AS logged_quantity
FROM used
GROUP BY billing_month, usage_date, provider, sku, meter, service_tier, currency, is_covered
