-- How much of the cost before credits and tax sits on a registered feature by evidence. What the bridge calls unlogged is not: its feature was taken from the calls that were logged.
WITH unlogged AS (
  SELECT billing_month, currency, provider, sku, meter, amount FROM reconciliation.bridge_month WHERE cause = 'unlogged'
), key AS (
  SELECT c.billing_month, c.currency, c.covered_amount, c.total_amount,
         CASE WHEN u.amount IS NULL THEN CAST(0 AS DECIMAL(38,12)) WHEN u.amount < c.covered_amount THEN u.amount ELSE c.covered_amount END AS unlogged_amount
  FROM allocation.covered_cost AS c
  LEFT JOIN unlogged AS u ON u.billing_month = c.billing_month AND u.currency = c.currency AND u.provider = c.provider AND u.sku = c.sku AND u.meter = c.meter
), summed AS (
  SELECT billing_month, currency, money_sum(covered_amount - unlogged_amount) AS covered_amount, money_sum(unlogged_amount) AS unlogged_amount, money_sum(total_amount) AS total_amount
  FROM key
  GROUP BY billing_month, currency
), tokens AS (
  SELECT month_start(usage_date) AS billing_month, quantity_sum(CASE WHEN feature_id = '(unallocated)' THEN CAST(0 AS DECIMAL(18,6)) ELSE quantity END) AS covered_tokens,
         quantity_sum(quantity) AS total_tokens
  FROM rating.rated_usage
  WHERE meter IN ('input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'embedding_tokens')
  GROUP BY month_start(usage_date)
)
SELECT s.billing_month, s.currency, s.covered_amount, s.unlogged_amount, s.total_amount, ratio(s.covered_amount, s.total_amount) AS coverage,
       t.covered_tokens, t.total_tokens, ratio(t.covered_tokens, t.total_tokens) AS token_coverage
FROM summed AS s
LEFT JOIN tokens AS t ON t.billing_month = s.billing_month
