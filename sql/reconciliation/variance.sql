-- What nobody explains of a provider's bill, beside the tolerances of the pipeline, which must both hold: the amount, and the ratio to what was billed.
WITH key AS (
  SELECT billing_month, provider, sku, meter, currency, billed_amount, rated_amount,
         abs(money_sum(CASE WHEN cause IN ('unexplained', 'unquantified', 'unmapped') THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END)) AS open_amount
  FROM reconciliation.bridge_month
  GROUP BY billing_month, provider, sku, meter, currency, billed_amount, rated_amount
), total AS (
  SELECT billing_month, provider, currency, money_sum(billed_amount) AS billed_amount, money_sum(rated_amount) AS rated_amount, money_sum(open_amount) AS open_amount
  FROM key
  GROUP BY billing_month, provider, currency
), limited AS (
  SELECT b.billing_month, b.provider, b.currency, b.billed_amount, b.rated_amount, b.open_amount, t.amount AS limit_amount,
         half_even_12(CAST(abs(b.billed_amount) AS DECIMAL(25,12)) * t.ratio) AS limit_ratio, t.on_breach,
         row_number() OVER (PARTITION BY b.billing_month, b.provider, b.currency ORDER BY t.place) AS place
  FROM total AS b
  LEFT JOIN run.variance_tolerance AS t ON b.provider LIKE t.provider ESCAPE '\'
)
SELECT billing_month, provider, currency, billed_amount, rated_amount, open_amount,
       CASE WHEN limit_ratio < limit_amount THEN limit_ratio ELSE limit_amount END AS tolerance, on_breach
FROM limited
WHERE place = 1
