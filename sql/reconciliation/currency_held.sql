-- Currencies: every rate that a month needs is there, what is converted is the original at its rate, the terms of the statement in every currency are the
-- statement, and no invoice stands in two. Rounding moves half a unit of 10^-12 an amount; parts of fixed cost are cut before and after, a unit each.
WITH needed AS (
  SELECT billing_month, rate_month, from_currency, to_currency, count_sum(CASE WHEN is_missing THEN amounts ELSE 0 END) AS missing
  FROM reconciliation.rate_need
  GROUP BY billing_month, rate_month, from_currency, to_currency
), month AS (
  SELECT billing_month, currency, money_sum(amount) AS amount, max(CASE WHEN original_currency <> currency THEN 1 ELSE 0 END) = 1 AS is_converted
  FROM reconciliation.conversion
  GROUP BY billing_month, currency
), statement AS (
  SELECT billing_month, currency, money_sum(amount) AS amount FROM allocation.statement_item GROUP BY billing_month, currency
)
SELECT 'exchange_rate' AS control, from_currency || ' to ' || to_currency || ' of ' || month_text(rate_month) AS scope, billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(0 AS DECIMAL(38,12)) AS expected, CAST(missing AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM needed
UNION ALL
SELECT 'currency_converted', provider || ' ' || part || ' from ' || original_currency || CASE WHEN rate_month = billing_month THEN '' ELSE ' of ' || month_text(rate_month) END,
       billing_month, currency, converted(original_amount, exchange_rate), amount,
       CAST(CAST(items AS DECIMAL(18,0)) * CASE WHEN part IN ('schedules', 'recurring register') THEN CAST(exchange_rate + CAST(2 AS DECIMAL(20,12)) AS DECIMAL(20,12)) ELSE CAST(1 AS DECIMAL(20,12)) END
            AS DECIMAL(26,0)) * CAST('0.000000000001' AS DECIMAL(12,12))
FROM reconciliation.conversion
WHERE exchange_rate IS NOT NULL
UNION ALL
SELECT 'currency_total', 'statement', m.billing_month, m.currency, m.amount, coalesce(s.amount, CAST(0 AS DECIMAL(38,12))), CAST(0 AS DECIMAL(38,12))
FROM month AS m
LEFT JOIN statement AS s ON s.billing_month = m.billing_month AND s.currency = m.currency
WHERE m.is_converted
UNION ALL
SELECT 'invoice_currency', source_id || ' ' || invoice_id, NULL, NULL, CAST(1 AS DECIMAL(38,12)), CAST(count(DISTINCT currency) AS DECIMAL(38,12)), CAST(0 AS DECIMAL(38,12))
FROM staging.bill_line
WHERE fate = 'loaded' AND invoice_id IS NOT NULL
GROUP BY source_id, account_id, invoice_id
HAVING count(DISTINCT currency) > 1
