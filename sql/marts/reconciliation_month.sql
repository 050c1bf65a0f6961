-- Every control of the month.
SELECT month_text(c.billing_month) AS billing_month, c.control, c.scope, c.currency, c.expected, c.actual, c.difference, c.tolerance, c.passed
FROM reconciliation.control AS c
CROSS JOIN run.period AS p
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
