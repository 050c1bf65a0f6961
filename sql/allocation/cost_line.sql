-- Everything that rules allocate: charges that are not capitalised, and each register entry's cost in each month.
-- The resource of a charge that its provider allocates is what it is allocated to, where that is mapped to a feature.
SELECT l.line_key, 'charge' AS kind, CAST(NULL AS VARCHAR) AS entry_id, l.provider, l.account_id, l.sub_account_id, l.invoice_id, l.billing_month,
       l.category, l.service, l.sku, l.meter, CASE WHEN p.value IS NULL THEN l.resource ELSE l.allocated_resource END AS resource,
       l.currency, l.basis, l.finality, l.commitment_status, l.feature_tag, l.amount
FROM allocation.charge_line AS l
LEFT JOIN allocation.capitalised_charge AS c ON c.line_key = l.line_key
LEFT JOIN run.feature_mapping AS p ON p.kind = 'principal' AND p.value = l.allocated_resource
WHERE c.line_key IS NULL
UNION ALL
SELECT 'register|' || d.entry_id || '|' || month_text(d.usage_date), CASE WHEN f.kind = 'recurring' THEN 'recurring' ELSE 'schedule' END, d.entry_id,
       f.provider, NULL, NULL, NULL, month_start(d.usage_date), 'Usage', 'fixed cost', d.entry_id, NULL, NULL, d.currency,
       CASE WHEN f.kind = 'recurring' THEN 'recurring' ELSE 'amortized' END, 'final', NULL, NULL, money_sum(d.amount)
FROM allocation.fixed_day AS d
JOIN run.fixed_cost AS f ON f.entry_id = d.entry_id
CROSS JOIN run.period AS p
WHERE d.usage_date >= p.start_month AND d.usage_date <= p.as_of
GROUP BY d.entry_id, f.kind, f.provider, d.currency, month_start(d.usage_date), month_text(d.usage_date)
