-- What the evidence states of itself: row counts and printed totals of files and invoices, and totals of the attested invoices.
WITH line AS (
  SELECT source_id, file, invoice_id, fate, billed_24 FROM staging.bill_line
), usage_file AS (
  SELECT f.source_id, f.file, f.records FROM run.landed_file AS f
), counted AS (
  SELECT t.source_id, t.control, t.scope, t.currency, t.expected, CAST(coalesce(f.records, 0) AS DECIMAL(38,12)) AS actual
  FROM run.control_total AS t
  LEFT JOIN usage_file AS f ON f.source_id = t.source_id AND f.file = t.scope
  WHERE t.control = 'row_count'
), printed AS (
  SELECT t.source_id, t.control, t.scope, t.currency, t.expected, coalesce(half_even_12(money_sum_24(l.billed_24)), CAST(0 AS DECIMAL(38,12))) AS actual
  FROM run.control_total AS t
  LEFT JOIN line AS l ON l.source_id = t.source_id AND l.fate = 'loaded' AND (l.file = t.scope OR l.invoice_id = t.scope)
  WHERE t.control = 'printed_total'
  GROUP BY t.source_id, t.control, t.scope, t.currency, t.expected
)
SELECT control, source_id || ' ' || scope AS scope, CAST(NULL AS DATE) AS billing_month, currency, expected, actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM counted
UNION ALL
SELECT control, source_id || ' ' || scope, NULL, currency, expected, actual, CAST(0 AS DECIMAL(38,12)) FROM printed
UNION ALL
SELECT 'invoice_total', i.provider || ' ' || i.invoice_id, i.billing_month, i.currency, i.total,
       coalesce(money_sum(c.billed_amount), CAST(0 AS DECIMAL(38,12))), CAST('0.005' AS DECIMAL(38,12))
FROM run.invoice AS i
LEFT JOIN staging.charge AS c ON c.provider = i.provider AND c.billing_month = i.billing_month AND c.currency = i.currency
  AND c.role = 'money' AND (c.invoice_id IS NULL OR c.invoice_id = i.invoice_id)
GROUP BY i.provider, i.invoice_id, i.billing_month, i.currency, i.total
