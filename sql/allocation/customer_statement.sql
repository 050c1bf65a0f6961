-- What each customer bears of each row of the statement, in minor units: parts are floored, and the units that lack to the rounded row
-- go one each to the largest fractions, as in the statement by owner. So customers sum to features, and features to the month.
WITH item AS (
  SELECT s.statement_key, s.row_key, c.customer_id, s.billing_month, s.currency, s.original_month, s.entry, s.feature_id, s.category, s.basis, s.method_id, s.finality,
         s.statement_amount AS row_statement_amount, m.minor_exponent, money_sum(c.amount) AS amount
  FROM allocation.cost AS c
  JOIN allocation.statement AS s
    ON s.billing_month = c.billing_month AND s.currency = c.currency AND s.feature_id = c.feature_id AND s.category = c.category
   AND s.original_month = c.original_month AND s.entry = c.entry AND s.basis = c.basis AND s.method_id = c.method_id AND s.finality = c.finality
  JOIN run.currency AS m ON m.currency = s.currency
  GROUP BY s.statement_key, s.row_key, c.customer_id, s.billing_month, s.currency, s.original_month, s.entry, s.feature_id, s.category, s.basis, s.method_id, s.finality,
           s.statement_amount, m.minor_exponent
), scaled AS (
  SELECT i.*, CASE i.minor_exponent WHEN 0 THEN 1000000000000 WHEN 2 THEN 10000000000 WHEN 3 THEN 1000000000 ELSE 100000000 END AS unit
  FROM item AS i
), floored AS (
  SELECT *, floor_div(pico(amount), unit) * unit AS units FROM scaled
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY statement_key, row_key ORDER BY pico(amount) - units DESC, customer_id) AS place,
         pico(row_statement_amount) - sum(units) OVER (PARTITION BY statement_key, row_key) AS lack
  FROM floored
)
SELECT statement_key, row_key, customer_id, billing_month, currency, original_month, entry, feature_id, category, basis, method_id, finality, amount,
       CAST(from_pico(units + CASE WHEN place * unit <= lack THEN unit ELSE 0 END) AS DECIMAL(38,4)) AS statement_amount
FROM ranked
