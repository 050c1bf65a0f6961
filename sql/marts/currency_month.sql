-- The currencies that each month's statement arose in, and the rates that brought them into one.
SELECT month_text(c.billing_month) AS billing_month, c.provider, c.part, c.original_currency, c.original_amount,
       month_text(c.rate_month) AS rate_month, coalesce(c.exchange_rate, CAST(1 AS DECIMAL(20,12))) AS exchange_rate, c.rate_source, c.currency, c.amount
FROM reconciliation.conversion AS c
CROSS JOIN run.period AS p
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
