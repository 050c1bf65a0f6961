-- The ledger of the statement: what each target bears in the end. Cost that a shared service passed on stands at its takers, not at the service.
SELECT a.billing_month, a.usage_date, a.rule_no, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category, a.currency,
       a.basis, a.finality, a.method_id, a.feature_id, a.customer_id, a.reason, a.feature_tag, money_sum(a.amount) AS amount
FROM allocation.allocated_cost AS a
LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
WHERE passed.feature_id IS NULL
GROUP BY a.billing_month, a.usage_date, a.rule_no, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category, a.currency,
         a.basis, a.finality, a.method_id, a.feature_id, a.customer_id, a.reason, a.feature_tag
