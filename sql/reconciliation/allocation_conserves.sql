-- Nothing is lost or made on the way: lines equal their days, each pool gives out what came in, and the ledger holds all of it.
WITH line AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM allocation.cost_line GROUP BY billing_month, currency
), line_day AS (
  SELECT l.billing_month, l.currency, m.rule_no, money_sum(d.amount) AS amount
  FROM allocation.cost_day AS d
  JOIN allocation.cost_line AS l ON l.line_key = d.line_key
  JOIN allocation.line_rule AS m ON m.line_key = d.line_key
  GROUP BY l.billing_month, l.currency, m.rule_no
), spread AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM line_day GROUP BY billing_month, currency
), moved AS (
  SELECT billing_month, currency, coalesce(rule_no, 0) AS rule_no, amount AS amount_in, CAST(0 AS DECIMAL(38,12)) AS amount_out FROM line_day
  UNION ALL
  SELECT a.billing_month, a.currency, p.rule_no, a.amount, CAST(0 AS DECIMAL(38,12))
  FROM allocation.allocated_cost AS a JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
  UNION ALL
  SELECT billing_month, currency, 0, amount, CAST(0 AS DECIMAL(38,12)) FROM allocation.estimated_cost
  UNION ALL
  SELECT billing_month, currency, rule_no, CAST(0 AS DECIMAL(38,12)), amount FROM allocation.allocated_cost
), pool AS (
  SELECT m.billing_month, m.currency, coalesce(r.pool_id, '(no pool)') AS pool_id, money_sum(m.amount_in) AS amount_in, money_sum(m.amount_out) AS amount_out
  FROM moved AS m LEFT JOIN run.rule AS r ON r.rule_no = m.rule_no
  GROUP BY m.billing_month, m.currency, coalesce(r.pool_id, '(no pool)')
)
SELECT 'charge_spread' AS control, 'every line' AS scope, l.billing_month, l.currency, l.amount AS expected, coalesce(s.amount, CAST(0 AS DECIMAL(38,12))) AS actual,
       CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM line AS l LEFT JOIN spread AS s ON s.billing_month = l.billing_month AND s.currency = l.currency
UNION ALL
SELECT 'pool_conserves', pool_id, billing_month, currency, amount_in, amount_out, CAST(0 AS DECIMAL(38,12)) FROM pool
