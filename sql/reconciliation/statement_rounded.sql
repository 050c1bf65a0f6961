-- Rounded statement rows sum to the exact total rounded half-even: the difference is at most half a minor unit.
SELECT 'statement_rounding' AS control, 'statement' AS scope, s.billing_month, s.currency, money_sum(s.amount) AS expected,
       money_sum(CAST(s.statement_amount AS DECIMAL(38,12))) AS actual,
       CASE m.minor_exponent WHEN 0 THEN CAST('0.5' AS DECIMAL(38,12)) WHEN 2 THEN CAST('0.005' AS DECIMAL(38,12))
                             WHEN 3 THEN CAST('0.0005' AS DECIMAL(38,12)) ELSE CAST('0.00005' AS DECIMAL(38,12)) END AS tolerance
FROM allocation.statement AS s
JOIN run.currency AS m ON m.currency = s.currency
GROUP BY s.billing_month, s.currency, m.minor_exponent
