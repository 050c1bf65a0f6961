-- The books of each pool: what came into it, and, as contra entries, what it passed on and what of it was idle. Each pool nets to zero.
WITH line AS (
  SELECT l.billing_month, l.currency, coalesce(m.rule_no, 0) AS rule_no, CASE WHEN l.kind = 'charge' THEN '(bill)' ELSE '(register)' END AS counterparty,
         CASE WHEN l.kind = 'charge' THEN 'bill/' ELSE 'register/' END || l.basis AS method_id, money_sum(d.amount) AS amount
  FROM allocation.cost_day AS d
  JOIN allocation.cost_line AS l ON l.line_key = d.line_key
  JOIN allocation.line_rule AS m ON m.line_key = d.line_key
  GROUP BY l.billing_month, l.currency, coalesce(m.rule_no, 0), CASE WHEN l.kind = 'charge' THEN '(bill)' ELSE '(register)' END,
           CASE WHEN l.kind = 'charge' THEN 'bill/' ELSE 'register/' END || l.basis
), entry AS (
  SELECT billing_month, currency, rule_no, CASE WHEN rule_no = 0 THEN 1 END AS level, 'received' AS entry, counterparty, CAST(NULL AS VARCHAR) AS service, method_id, amount FROM line
  UNION ALL
  SELECT e.billing_month, e.currency, 0, 0, 'received', '(usage)', NULL, 'usage/rated', money_sum(e.amount)
  FROM allocation.estimated_month AS e
  GROUP BY e.billing_month, e.currency
  UNION ALL
  SELECT a.billing_month, a.currency, p.rule_no, p.level, 'received', coalesce(f.pool_id, '(usage)'), a.feature_id, a.method_id, money_sum(a.amount)
  FROM allocation.allocated_cost AS a
  JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
  LEFT JOIN run.rule AS f ON f.rule_no = a.rule_no
  GROUP BY a.billing_month, a.currency, p.rule_no, p.level, coalesce(f.pool_id, '(usage)'), a.feature_id, a.method_id
  UNION ALL
  SELECT a.billing_month, a.currency, a.rule_no, a.level, CASE WHEN a.customer_id = '(idle)' THEN 'idle' ELSE 'passed_on' END, a.feature_id, p.feature_id, a.method_id, -money_sum(a.amount)
  FROM allocation.allocated_cost AS a
  LEFT JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
  GROUP BY a.billing_month, a.currency, a.rule_no, a.level, CASE WHEN a.customer_id = '(idle)' THEN 'idle' ELSE 'passed_on' END, a.feature_id, p.feature_id, a.method_id
)
SELECT e.billing_month, e.currency, coalesce(r.pool_id, '(no pool)') AS pool_id, coalesce(e.level, r.level) AS level, e.entry, e.counterparty, e.service, e.method_id, e.amount
FROM entry AS e
LEFT JOIN run.rule AS r ON r.rule_no = e.rule_no
