-- What each customer's use of each feature cost.
SELECT month_text(c.billing_month) AS billing_month, c.customer_id, c.feature_id, c.currency, c.basis, c.method_id, c.finality,
       month_text(c.original_month) AS original_month, c.entry, money_sum(c.amount) AS amount
FROM allocation.cost AS c
CROSS JOIN run.period AS p
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
GROUP BY c.billing_month, c.customer_id, c.feature_id, c.currency, c.basis, c.method_id, c.finality, c.original_month, c.entry
