-- What each owner answers for in the month, by feature: each role by itself, and each with the whole statement.
SELECT month_text(o.billing_month) AS billing_month, o.role, o.owner, o.feature_id, o.currency, o.basis, o.finality,
       money_sum(o.amount) AS amount, CAST(money_sum(o.statement_amount) AS DECIMAL(38,4)) AS statement_amount
FROM allocation.owner_statement AS o
CROSS JOIN run.period AS p
WHERE o.billing_month >= p.first_month AND o.billing_month <= p.last_month
GROUP BY o.billing_month, o.role, o.owner, o.feature_id, o.currency, o.basis, o.finality
