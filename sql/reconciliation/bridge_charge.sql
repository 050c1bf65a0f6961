-- Charges as the variance bridge takes them. What usage cannot explain has its cause here; the rest has none yet, and is compared with usage.
SELECT l.line_key, l.billing_month, l.provider, coalesce(l.sku, '') AS sku, coalesce(l.meter, '') AS meter, l.service_tier, l.currency,
       day_of(l.charge_start) AS first_day, l.charge_end <= CAST(add_days(day_of(l.charge_start), 1) AS TIMESTAMP(6)) AS is_of_one_day,
       l.billed_amount, l.billed_amount - l.amount AS prepaid_amount, l.amount, l.quantity, l.original_currency, l.original_amount, l.exchange_rate,
       CASE WHEN c.line_key IS NOT NULL THEN 'capitalised'
            WHEN l.declared_cause = 'support' THEN 'non_token'
            WHEN l.declared_cause IS NOT NULL THEN l.declared_cause
            WHEN l.category = 'Credit' THEN 'credit'
            WHEN l.category = 'Tax' THEN 'tax'
            WHEN l.charge_class = 'Correction' OR l.category = 'Adjustment' THEN 'correction'
            WHEN l.commitment_status = 'Unused' THEN 'unused_commitment'
            WHEN s.charged_by = 'pool' THEN 'non_token'
            WHEN l.meter IS NULL THEN CASE WHEN l.mapped_by = 'map' THEN 'non_token' ELSE 'unmapped' END END AS cause
FROM allocation.charge_line AS l
LEFT JOIN allocation.capitalised_charge AS c ON c.line_key = l.line_key
LEFT JOIN run.sku AS s ON s.provider = l.provider AND s.sku = l.sku
