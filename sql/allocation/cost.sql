-- The ledger of the statement: open months by what is known now, closed ones as they were closed, and what later evidence changed of those.
SELECT i.billing_month, i.billing_month AS original_month, 'cost' AS entry,
       i.usage_date, i.rule_no, i.provider, i.account_id, i.invoice_id, i.service, i.sku, i.meter, i.category,
       i.currency, i.basis, i.finality, i.method_id, i.feature_id, i.customer_id, i.reason, i.feature_tag, i.amount
FROM allocation.incurred_cost AS i
LEFT JOIN run.closed_month AS c ON c.billing_month = i.billing_month
WHERE c.billing_month IS NULL
UNION ALL
SELECT p.billing_month, p.original_month, p.entry,
       p.usage_date, p.rule_no, p.provider, p.account_id, p.invoice_id, p.service, p.sku, p.meter, p.category,
       p.currency, p.basis, p.finality, p.method_id, p.feature_id, p.customer_id, p.reason, p.feature_tag, p.amount
FROM run.posted_cost AS p
UNION ALL
SELECT a.billing_month, a.original_month, a.entry,
       a.usage_date, a.rule_no, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category,
       a.currency, a.basis, a.finality, a.method_id, a.feature_id, a.customer_id, a.reason, a.feature_tag, a.amount
FROM allocation.adjustment AS a
