-- Σ billed of the charges in the books equals that of the bills as staged, by provider and month, in the currency of the bill.
-- What bills hold for months outside the books is told beside the published ones, so that nobody looks for it.
WITH staged AS (
  SELECT c.provider, c.billing_month, c.currency, money_sum(c.billed_amount) AS billed_amount,
         c.billing_month >= p.start_month AND c.billing_month <= month_start(p.as_of) AS is_booked
  FROM staging.charge AS c
  CROSS JOIN run.period AS p
  WHERE c.role = 'money'
  GROUP BY c.provider, c.billing_month, c.currency, p.start_month, p.as_of
), booked AS (
  SELECT provider, billing_month, original_currency AS currency, money_sum(original_billed_amount) AS billed_amount
  FROM allocation.charge_line
  GROUP BY provider, billing_month, original_currency
)
SELECT 'bill_total' AS control, s.provider AS scope, s.billing_month, s.currency, s.billed_amount AS expected,
       coalesce(b.billed_amount, CAST(0 AS DECIMAL(38,12))) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM staged AS s
LEFT JOIN booked AS b ON b.provider = s.provider AND b.billing_month = s.billing_month AND b.currency = s.currency
WHERE s.is_booked
UNION ALL
SELECT 'outside_books', provider || ' ' || month_text(billing_month), NULL, currency, billed_amount, billed_amount, CAST(0 AS DECIMAL(38,12))
FROM staged
WHERE NOT is_booked
