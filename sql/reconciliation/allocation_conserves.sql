-- Nothing is lost or made on the way: lines equal their days, each pool gives out what came in, and the ledger holds all of it.
WITH line AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM allocation.cost_line GROUP BY billing_month, currency
), spread AS (
  SELECT l.billing_month, l.currency, money_sum(d.amount) AS amount
  FROM allocation.cost_day AS d
  JOIN allocation.cost_line AS l ON l.line_key = d.line_key
  GROUP BY l.billing_month, l.currency
), pool AS (
  SELECT billing_month, currency, pool_id, money_sum(CASE WHEN entry = 'received' THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS amount_in,
         money_sum(CASE WHEN entry = 'received' THEN CAST(0 AS DECIMAL(38,12)) ELSE -amount END) AS amount_out
  FROM allocation.pool_entry
  GROUP BY billing_month, currency, pool_id
)
SELECT 'charge_spread' AS control, 'every line' AS scope, l.billing_month, l.currency, l.amount AS expected, coalesce(s.amount, CAST(0 AS DECIMAL(38,12))) AS actual,
       CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM line AS l LEFT JOIN spread AS s ON s.billing_month = l.billing_month AND s.currency = l.currency
UNION ALL
SELECT 'pool_conserves', pool_id, billing_month, currency, amount_in, amount_out, CAST(0 AS DECIMAL(38,12)) FROM pool
