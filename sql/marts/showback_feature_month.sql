-- The statement: what each feature cost in the month, exact and in minor units, with who answers for it and what the same cost was the month before.
-- Where a month's cost stands in several rows of finality, the month before stands in the first of them, so that it sums.
WITH ranked AS (
  SELECT t.*, row_number() OVER (PARTITION BY t.billing_month, t.currency, t.feature_id, t.category, t.basis, t.method_id ORDER BY CASE t.entry WHEN 'cost' THEN 0 ELSE 1 END, t.finality,
                                          t.original_month, t.entry) AS place
  FROM allocation.statement AS t
), known AS (
  SELECT t.billing_month, t.currency, t.feature_id, t.category, t.basis, t.method_id, t.amount
  FROM allocation.statement AS t
  LEFT JOIN run.unchanged_month AS u ON u.billing_month = t.billing_month
  WHERE u.billing_month IS NULL
  UNION ALL
  SELECT billing_month, currency, feature_id, category, basis, method_id, amount FROM run.unchanged_cost
)
SELECT month_text(s.billing_month) AS billing_month, s.feature_id, coalesce(f.name, s.feature_id) AS feature_name, coalesce(f.team, s.feature_id) AS team,
       coalesce(f.cost_center, '(unallocated)') AS cost_center, coalesce(f.category, '') AS feature_category,
       o.feature_owner, o.platform_owner, o.business_owner, s.category, s.currency, s.basis, s.method_id, s.finality,
       month_text(s.original_month) AS original_month, s.entry, s.amount, s.statement_amount, s.share, b.amount AS previous_month_amount
FROM ranked AS s
CROSS JOIN run.period AS p
LEFT JOIN run.feature AS f ON f.feature_id = s.feature_id
LEFT JOIN allocation.month_owner AS o ON o.billing_month = s.billing_month AND o.feature_id = s.feature_id
LEFT JOIN (SELECT billing_month, currency, feature_id, category, basis, method_id, money_sum(amount) AS amount
           FROM known GROUP BY billing_month, currency, feature_id, category, basis, method_id) AS b
  ON b.billing_month = add_months(s.billing_month, -1) AND b.currency = s.currency AND b.feature_id = s.feature_id AND b.category = s.category
  AND b.basis = s.basis AND b.method_id = s.method_id AND s.place = 1
WHERE s.billing_month >= p.first_month AND s.billing_month <= p.last_month
