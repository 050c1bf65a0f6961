-- What each owner bears of each row of the statement, in minor units: parts are floored, and the units that lack to the rounded row
-- go one each to the largest fractions. So owners sum to features, features to the month, and every role to the same total.
WITH scaled AS (
  SELECT statement_key, row_key, role, owner, billing_month, currency, feature_id, basis, finality, row_statement_amount, amount,
         CASE minor_exponent WHEN 0 THEN 1000000000000 WHEN 2 THEN 10000000000 WHEN 3 THEN 1000000000 ELSE 100000000 END AS unit
  FROM allocation.owner_item
), floored AS (
  SELECT *, floor_div(pico(amount), unit) * unit AS units FROM scaled
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY statement_key, row_key, role ORDER BY pico(amount) - units DESC, owner) AS place,
         pico(row_statement_amount) - sum(units) OVER (PARTITION BY statement_key, row_key, role) AS lack
  FROM floored
)
SELECT statement_key, row_key, role, owner, billing_month, currency, feature_id, basis, finality, amount,
       CAST(from_pico(units + CASE WHEN place * unit <= lack THEN unit ELSE 0 END) AS DECIMAL(38,4)) AS statement_amount
FROM ranked
