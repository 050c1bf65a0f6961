-- What rounding bill amounts to the ledger's scale moved: at most half a unit of 10^-12 a line.
SELECT 'staging_rounding' AS control, source_id AS scope, billing_month, currency,
       half_even_12(money_sum_24(amount_24)) AS expected, money_sum(amount) AS actual,
       CAST(count(*) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12)) AS tolerance
FROM staging.charge
GROUP BY source_id, billing_month, currency
