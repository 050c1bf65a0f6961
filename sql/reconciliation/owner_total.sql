-- Every role has the whole statement once, in minor units.
WITH owned AS (
  SELECT billing_month, currency, role, money_sum(statement_amount) AS amount FROM allocation.owner_statement GROUP BY billing_month, currency, role
), whole AS (
  SELECT billing_month, currency, money_sum(statement_amount) AS amount FROM allocation.statement GROUP BY billing_month, currency
)
SELECT 'owner_total' AS control, r.role AS scope, w.billing_month, w.currency, w.amount AS expected,
       coalesce(o.amount, CAST(0 AS DECIMAL(38,12))) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM whole AS w
CROSS JOIN (VALUES ('feature'), ('platform'), ('business')) AS r(role)
LEFT JOIN owned AS o ON o.billing_month = w.billing_month AND o.currency = w.currency AND o.role = r.role
