-- Closed months to look at again: their evidence is not what they were closed with, or something was adjusted of them before.
SELECT c.billing_month, c.same_rules, e.evidence
FROM run.closed_month AS c
JOIN allocation.month_evidence AS e ON e.billing_month = c.billing_month
LEFT JOIN (SELECT DISTINCT original_month FROM run.posted_cost WHERE entry <> 'cost') AS a ON a.original_month = c.billing_month
WHERE e.evidence <> c.evidence OR a.original_month IS NOT NULL
