-- The closed month by customer: what each bears of each row of the statement, exact and in minor units.
SELECT month_text(c.billing_month) AS billing_month, c.customer_id, c.feature_id, coalesce(f.name, c.feature_id) AS feature_name, c.category, c.currency,
       c.basis, c.method_id, c.finality, month_text(c.original_month) AS original_month, c.entry, c.amount, c.statement_amount
FROM allocation.customer_statement AS c
CROSS JOIN run.period AS p
LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
