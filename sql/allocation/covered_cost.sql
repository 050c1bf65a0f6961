-- Positive cost before credits and tax by sku and meter, and how much of it sits on a registered feature, directly or by a measured driver that knows the sku; never by an even split,
-- and never by what the month before logged.
WITH cost AS (
  SELECT c.billing_month, c.currency, c.provider, coalesce(c.sku, '') AS sku, coalesce(c.meter, '') AS meter, c.amount,
         f.feature_id IS NOT NULL AS on_feature, r.method, substr(c.method_id, length(r.pool_id || '/' || r.method_name) + 1) AS grain
  FROM allocation.incurred_cost AS c
  LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
  LEFT JOIN run.rule AS r ON r.rule_no = c.rule_no
  WHERE c.amount > 0 AND c.category NOT IN ('Tax', 'Credit')
), judged AS (
  SELECT billing_month, currency, provider, sku, meter, amount,
         on_feature AND (method IS NULL OR method = 'direct' OR (method = 'driver' AND strpos(grain, 'sku') > 0 AND strpos(grain, 'previous_month') = 0)) AS covered
  FROM cost
)
SELECT billing_month, currency, provider, sku, meter, money_sum(CASE WHEN covered THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS covered_amount,
       money_sum(amount) AS total_amount
FROM judged
GROUP BY billing_month, currency, provider, sku, meter
