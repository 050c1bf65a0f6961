-- What each feature bears on each day.
SELECT month_text(c.billing_month) AS billing_month, c.usage_date, c.feature_id, coalesce(f.name, c.feature_id) AS feature_name,
       coalesce(f.team, c.feature_id) AS team, coalesce(c.provider, '') AS provider, coalesce(c.service, '') AS service, coalesce(c.sku, '') AS sku,
       coalesce(c.meter, '') AS meter, c.category, c.currency, c.basis, c.method_id, c.finality,
       month_text(c.original_month) AS original_month, c.entry, money_sum(c.amount) AS amount
FROM allocation.feature_day AS c
CROSS JOIN run.period AS p
LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
GROUP BY c.billing_month, c.usage_date, c.feature_id, f.name, f.team, c.provider, c.service, c.sku, c.meter, c.category, c.currency, c.basis, c.method_id, c.finality,
         c.original_month, c.entry
