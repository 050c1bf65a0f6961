-- Positive cost before credits and tax by sku and meter, and how much of it sits on a registered feature, directly or by a measured driver that knows the sku; never by an even split.
WITH cost AS (
  SELECT c.billing_month, c.currency, c.provider, coalesce(c.sku, '') AS sku, coalesce(c.meter, '') AS meter, c.amount,
    f.feature_id IS NOT NULL AND (r.rule_no IS NULL OR r.method = 'direct' OR (r.method = 'driver' AND strpos(substr(c.method_id, length(r.pool_id || '/' || r.method_name) + 1), 'sku') > 0)) AS covered
  FROM allocation.incurred_cost AS c
  LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
  LEFT JOIN run.rule AS r ON r.rule_no = c.rule_no
  WHERE c.amount > 0 AND c.category NOT IN ('Tax', 'Credit')
)
SELECT billing_month, currency, provider, sku, meter, money_sum(CASE WHEN covered THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS covered_amount,
       money_sum(amount) AS total_amount
FROM cost
GROUP BY billing_month, currency, provider, sku, meter
