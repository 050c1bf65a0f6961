-- The month ties to the evidence: Σ statement = Σ billed − prepaid movement − capitalised + schedules + recurring register + rated usage that no bill covers + adjustments of
-- closed months. Closed months stand as they were closed.
WITH part AS (
  SELECT billing_month, currency, 'billed' AS part, billed_amount AS amount FROM allocation.charge_line
  UNION ALL
  SELECT billing_month, currency, 'prepaid movement', amount - billed_amount FROM allocation.charge_line
  UNION ALL
  SELECT billing_month, currency, 'capitalised', -amount FROM allocation.capitalised_charge
  UNION ALL
  SELECT month_start(d.usage_date), d.currency, d.kind, d.amount
  FROM allocation.fixed_day AS d CROSS JOIN run.period AS p
  WHERE d.usage_date >= p.start_month AND d.usage_date <= p.as_of
  UNION ALL
  SELECT billing_month, currency, 'rated, not billed', amount FROM allocation.estimated_month
  UNION ALL
  SELECT billing_month, currency, 'adjustments', amount FROM allocation.adjustment
), expected AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM part GROUP BY billing_month, currency
), statement AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM allocation.statement_item GROUP BY billing_month, currency
)
SELECT 'statement_identity' AS control, 'statement' AS scope, coalesce(e.billing_month, s.billing_month) AS billing_month, coalesce(e.currency, s.currency) AS currency,
       coalesce(e.amount, CAST(0 AS DECIMAL(38,12))) AS expected, coalesce(s.amount, CAST(0 AS DECIMAL(38,12))) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM expected AS e
FULL OUTER JOIN statement AS s ON s.billing_month = e.billing_month AND s.currency = e.currency
LEFT JOIN run.closed_month AS c ON c.billing_month = coalesce(e.billing_month, s.billing_month)
WHERE c.billing_month IS NULL
