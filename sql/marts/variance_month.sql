-- How far each bill is explained: billed, rated, and what stays open between them.
SELECT month_text(v.billing_month) AS billing_month, v.provider, v.currency, v.billed_amount, v.rated_amount, v.billed_amount - v.rated_amount AS difference,
       v.open_amount, v.tolerance, v.on_breach,
       CASE WHEN v.tolerance IS NULL THEN 'no_tolerance' WHEN v.open_amount > v.tolerance THEN 'above' ELSE 'within' END AS finding
FROM reconciliation.variance AS v
CROSS JOIN run.period AS p
WHERE v.billing_month >= p.first_month AND v.billing_month <= p.last_month
