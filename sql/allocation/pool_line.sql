-- What the pools of this level are to allocate, by day: their cost lines, and what earlier levels passed to shared services that they empty.
SELECT r.rule_no, l.billing_month, d.usage_date, l.provider, l.account_id, l.invoice_id, l.service, l.sku, l.meter, l.category, l.basis, l.finality,
       l.currency, l.sub_account_id, l.resource, l.feature_tag, CAST(NULL AS VARCHAR) AS fed_by, money_sum(d.amount) AS amount
FROM allocation.cost_day AS d
JOIN allocation.cost_line AS l ON l.line_key = d.line_key
JOIN allocation.line_rule AS m ON m.line_key = d.line_key
JOIN run.rule AS r ON r.rule_no = m.rule_no
JOIN run.level AS v ON v.level = r.level
GROUP BY r.rule_no, l.billing_month, d.usage_date, l.provider, l.account_id, l.invoice_id, l.service, l.sku, l.meter, l.category, l.basis, l.finality,
         l.currency, l.sub_account_id, l.resource, l.feature_tag
UNION ALL
SELECT p.rule_no, a.billing_month, a.usage_date, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category, a.basis, a.finality,
       a.currency, NULL, NULL, NULL, a.feature_id, money_sum(a.amount)
FROM allocation.allocated_cost AS a
JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
JOIN run.level AS v ON v.level = p.level
GROUP BY p.rule_no, a.billing_month, a.usage_date, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter, a.category, a.basis, a.finality,
         a.currency, a.feature_id
