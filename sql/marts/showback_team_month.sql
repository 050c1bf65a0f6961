-- What each team's features cost.
SELECT month_text(c.billing_month) AS billing_month, coalesce(f.team, c.feature_id) AS team, coalesce(f.cost_center, '(unallocated)') AS cost_center,
       c.currency, c.basis, c.method_id, c.finality, money_sum(c.amount) AS amount
FROM allocation.feature_day AS c
CROSS JOIN run.period AS p
LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
GROUP BY c.billing_month, coalesce(f.team, c.feature_id), coalesce(f.cost_center, '(unallocated)'), c.currency, c.basis, c.method_id, c.finality
