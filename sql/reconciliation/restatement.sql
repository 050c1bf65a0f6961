-- What is posted of a closed month, with what is adjusted now, equals what its evidence comes to by the rules that it was closed with.
WITH side AS (
  SELECT i.billing_month, i.currency, i.amount AS restated, CAST(0 AS DECIMAL(38,12)) AS posted
  FROM allocation.incurred_cost AS i JOIN allocation.restated_month AS c ON c.billing_month = i.billing_month AND c.same_rules
  UNION ALL
  SELECT r.billing_month, r.currency, r.amount, CAST(0 AS DECIMAL(38,12))
  FROM run.restated_cost AS r JOIN allocation.restated_month AS c ON c.billing_month = r.billing_month AND NOT c.same_rules
  UNION ALL
  SELECT p.original_month, p.currency, CAST(0 AS DECIMAL(38,12)), p.amount
  FROM allocation.cost AS p JOIN allocation.restated_month AS c ON c.billing_month = p.original_month
), booked AS (
  SELECT add_months(max(billing_month), 1) AS billing_month FROM run.closed_month
)
SELECT 'restatement' AS control, month_text(s.billing_month) AS scope, b.billing_month, s.currency, money_sum(s.restated) AS expected,
       money_sum(s.posted) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM side AS s
CROSS JOIN booked AS b
JOIN run.period AS p ON b.billing_month <= month_start(p.as_of)
GROUP BY s.billing_month, b.billing_month, s.currency
