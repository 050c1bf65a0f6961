-- The finest rows of the statement, to be rounded once over the month and currency.
SELECT month_text(c.billing_month) || '|' || c.currency AS statement_key,
       c.feature_id || '|' || c.category || '|' || c.basis || '|' || c.method_id || '|' || c.finality
         || CASE c.entry WHEN 'cost' THEN '' ELSE '|' || month_text(c.original_month) || '|' || c.entry END AS row_key,
       c.billing_month, c.currency, c.original_month, c.entry, c.feature_id, c.category, c.basis, c.method_id, c.finality, m.minor_exponent,
       money_sum(c.amount) AS amount
FROM allocation.feature_day AS c
JOIN run.currency AS m ON m.currency = c.currency
GROUP BY c.billing_month, c.currency, c.original_month, c.entry, c.feature_id, c.category, c.basis, c.method_id, c.finality, m.minor_exponent
