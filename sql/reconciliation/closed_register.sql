-- The register of today gives a closed month what it gave when the month was closed: otherwise cost would stand twice, or nowhere.
WITH today AS (
  SELECT month_start(usage_date) AS billing_month, entry_id, 'schedule' AS kind, currency, amount FROM allocation.fixed_day
  UNION ALL
  SELECT billing_month, entry_id, 'capitalised', currency, amount FROM allocation.capitalised_charge
), side AS (
  SELECT t.billing_month, t.entry_id, t.kind, t.currency, CAST(0 AS DECIMAL(38,12)) AS expected, t.amount AS actual
  FROM today AS t
  JOIN run.closed_month AS c ON c.billing_month = t.billing_month
  UNION ALL
  SELECT billing_month, entry_id, kind, currency, amount, CAST(0 AS DECIMAL(38,12)) FROM run.closed_register
)
SELECT 'closed_register' AS control, s.entry_id || ' ' || s.kind || ' ' || month_text(s.billing_month) AS scope, CAST(NULL AS DATE) AS billing_month, s.currency,
       money_sum(s.expected) AS expected, money_sum(s.actual) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM side AS s
GROUP BY s.entry_id, s.kind, s.billing_month, s.currency
