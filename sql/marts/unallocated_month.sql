-- What no feature bears, and why.
SELECT month_text(c.billing_month) AS billing_month, c.reason, coalesce(c.feature_tag, '') AS feature_tag, coalesce(c.provider, '') AS provider,
       coalesce(c.service, '') AS service, c.currency, c.basis, c.method_id, c.finality, money_sum(c.amount) AS amount
FROM allocation.cost AS c
CROSS JOIN run.period AS p
WHERE c.feature_id = '(unallocated)' AND c.billing_month >= p.first_month AND c.billing_month <= p.last_month
GROUP BY c.billing_month, c.reason, c.feature_tag, c.provider, c.service, c.currency, c.basis, c.method_id, c.finality
