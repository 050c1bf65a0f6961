-- What evidence that came after a month was closed changed of it: reversals and re-entries, in the month in which they are booked.
SELECT month_text(a.billing_month) AS billing_month, month_text(a.original_month) AS original_month, a.entry, a.usage_date, a.feature_id, a.customer_id,
       coalesce(a.provider, '') AS provider, coalesce(a.account_id, '') AS account_id, coalesce(a.invoice_id, '') AS invoice_id, coalesce(a.service, '') AS service,
       coalesce(a.sku, '') AS sku, coalesce(a.meter, '') AS meter, a.category, a.currency, a.basis, a.method_id, a.finality, coalesce(a.reason, '') AS reason,
       coalesce(a.feature_tag, '') AS feature_tag, money_sum(a.amount) AS amount
FROM allocation.adjustment AS a
CROSS JOIN run.period AS p
WHERE a.billing_month >= p.first_month AND a.billing_month <= p.last_month
GROUP BY a.billing_month, a.original_month, a.entry, a.usage_date, a.feature_id, a.customer_id, a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter,
         a.category, a.currency, a.basis, a.method_id, a.finality, a.reason, a.feature_tag
