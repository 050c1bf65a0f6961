-- How much of the cost before credits and tax sits on a registered feature, directly or by a measured driver that knows the sku; never by an even split.
WITH cost AS (
  SELECT c.billing_month, c.currency, c.amount,
    f.feature_id IS NOT NULL AND (r.rule_no IS NULL OR r.method = 'direct' OR (r.method = 'driver' AND strpos(substr(c.method_id, length(r.pool_id || '/' || r.method_name) + 1), 'sku') > 0)) AS covered
  FROM allocation.cost AS c
  LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
  LEFT JOIN run.rule AS r ON r.rule_no = c.rule_no
  WHERE c.amount > 0 AND c.category NOT IN ('Tax', 'Credit')
), summed AS (
  SELECT billing_month, currency, money_sum(CASE WHEN covered THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS covered_amount, money_sum(amount) AS total_amount
  FROM cost
  GROUP BY billing_month, currency
), tokens AS (
  SELECT month_start(usage_date) AS billing_month, quantity_sum(CASE WHEN feature_id = '(unallocated)' THEN CAST(0 AS DECIMAL(18,6)) ELSE quantity END) AS covered_tokens,
         quantity_sum(quantity) AS total_tokens
  FROM rating.rated_usage
  WHERE meter IN ('input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'embedding_tokens')
  GROUP BY month_start(usage_date)
)
SELECT s.billing_month, s.currency, s.covered_amount, s.total_amount, ratio(s.covered_amount, s.total_amount) AS coverage,
       t.covered_tokens, t.total_tokens, ratio(t.covered_tokens, t.total_tokens) AS token_coverage
FROM summed AS s
LEFT JOIN tokens AS t ON t.billing_month = s.billing_month
