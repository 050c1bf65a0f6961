-- The fixed-cost register against its schedules and the bills, in the currency of the entry: a schedule sums to the cost, what it capitalises equals the cost,
-- in no other currency, and no recurring entry is also billed.
WITH scheduled AS (
  SELECT entry_id, money_sum(original_amount) AS amount FROM allocation.fixed_day WHERE kind IN ('schedule', 'disposal') GROUP BY entry_id
), proceeds AS (
  SELECT entry_id, money_sum(proceeds) AS amount FROM run.fixed_cost_change WHERE kind = 'disposal' GROUP BY entry_id
), capitalised AS (
  SELECT entry_id, original_currency, money_sum(original_billed_amount) AS amount FROM allocation.capitalised_charge GROUP BY entry_id, original_currency
)
SELECT 'amortization_schedule' AS control, f.entry_id AS scope, CAST(NULL AS DATE) AS billing_month, f.currency,
       f.cost - coalesce(p.amount, CAST(0 AS DECIMAL(38,12))) AS expected, coalesce(s.amount, CAST(0 AS DECIMAL(38,12))) AS actual,
       CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM run.fixed_cost AS f
LEFT JOIN scheduled AS s ON s.entry_id = f.entry_id
LEFT JOIN proceeds AS p ON p.entry_id = f.entry_id
WHERE f.kind <> 'recurring'
UNION ALL
SELECT 'capitalised', f.entry_id, NULL, f.currency, f.cost, coalesce(c.amount, CAST(0 AS DECIMAL(38,12))), CAST(0 AS DECIMAL(38,12))
FROM run.fixed_cost AS f
CROSS JOIN run.period AS p
LEFT JOIN capitalised AS c ON c.entry_id = f.entry_id AND c.original_currency = f.currency
WHERE f.kind <> 'recurring' AND f.has_bill AND (c.entry_id IS NOT NULL OR (f.in_service_on >= p.start_month AND f.in_service_on <= p.as_of
    AND f.in_service_on <= (SELECT max(usage_date) FROM staging.billed_day)))
UNION ALL
SELECT 'capitalised', f.entry_id || ' in ' || c.original_currency, NULL, c.original_currency, CAST(0 AS DECIMAL(38,12)), c.amount, CAST(0 AS DECIMAL(38,12))
FROM run.fixed_cost AS f
JOIN capitalised AS c ON c.entry_id = f.entry_id AND c.original_currency <> f.currency
WHERE f.kind <> 'recurring'
UNION ALL
SELECT 'recurring_not_billed', f.entry_id, NULL, c.original_currency, CAST(0 AS DECIMAL(38,12)), c.amount, CAST(0 AS DECIMAL(38,12))
FROM run.fixed_cost AS f
JOIN capitalised AS c ON c.entry_id = f.entry_id
WHERE f.kind = 'recurring'
