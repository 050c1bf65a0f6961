-- What each target bears in the end, by what is known now. Cost that a shared service passed on stands at its takers, not at the service.
-- A rule works at one level, and what no rule takes says by its method at which: no target has a row of the same words at two levels.
SELECT a.billing_month, a.usage_date, a.rule_no, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category, a.currency,
       a.basis, a.finality, a.method_id, a.feature_id, a.customer_id, a.reason, a.feature_tag, a.amount
FROM allocation.allocated_cost AS a
LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
WHERE passed.feature_id IS NULL
