-- The schedule of the fixed-cost register in the published months, with what was charged so far and what the books still carry: the cost at the rate of the month
-- in which service began, and what a disposal brought at that of its own.
WITH month AS (
  SELECT d.entry_id, d.kind, month_start(d.usage_date) AS billing_month, d.currency, money_sum(d.amount) AS amount
  FROM allocation.fixed_day AS d
  GROUP BY d.entry_id, d.kind, month_start(d.usage_date), d.currency
), running AS (
  SELECT m.*, CAST(sum(m.amount) OVER (PARTITION BY m.entry_id ORDER BY m.billing_month, CASE m.kind WHEN 'disposal' THEN 1 ELSE 0 END) AS DECIMAL(38,12)) AS cumulative_amount
  FROM month AS m
)
SELECT month_text(r.billing_month) AS billing_month, r.entry_id, f.description, r.kind, r.currency,
       CASE WHEN f.kind = 'recurring' THEN 'recurring' ELSE 'amortized' END AS basis, 'register/' || r.kind AS method_id, 'final' AS finality,
       r.amount, r.cumulative_amount, CASE WHEN x.rate IS NULL THEN f.cost ELSE converted(f.cost, x.rate) END - r.cumulative_amount
         - CASE WHEN r.kind <> 'disposal' OR d.proceeds IS NULL THEN CAST(0 AS DECIMAL(38,12)) WHEN y.rate IS NULL THEN d.proceeds ELSE converted(d.proceeds, y.rate) END AS carrying_amount
FROM running AS r
CROSS JOIN run.period AS p
JOIN run.fixed_cost AS f ON f.entry_id = r.entry_id
LEFT JOIN run.fixed_cost_change AS d ON d.entry_id = r.entry_id AND d.kind = 'disposal'
LEFT JOIN run.fx AS x ON x.month = month_start(f.in_service_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
LEFT JOIN run.fx AS y ON y.month = month_start(d.changed_on) AND y.from_currency = f.currency AND y.to_currency = p.currency
WHERE r.billing_month >= p.first_month AND r.billing_month <= p.last_month
