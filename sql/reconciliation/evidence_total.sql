-- What the evidence states of itself: row counts and printed totals of files and invoices, and totals of the attested invoices.
-- Charges that carry the number of an attested invoice answer for that one; charges without a number answer for the others of their month together.
WITH line AS (
  SELECT source_id, file, invoice_id, fate, billed_24 FROM staging.bill_line
), counted AS (
  SELECT t.source_id, t.control, t.scope, t.currency, t.expected, CAST(coalesce(f.records, 0) AS DECIMAL(38,12)) AS actual
  FROM run.control_total AS t
  LEFT JOIN run.landed_file AS f ON f.source_id = t.source_id AND f.file = t.scope
  WHERE t.control = 'row_count'
), printed AS (
  SELECT t.source_id, t.control, t.scope, t.currency, t.expected, coalesce(half_even_12(money_sum_24(l.billed_24)), CAST(0 AS DECIMAL(38,12))) AS actual
  FROM run.control_total AS t
  LEFT JOIN line AS l ON l.source_id = t.source_id AND l.fate IN ('loaded', 'early') AND (l.file = t.scope OR l.invoice_id = t.scope)
  WHERE t.control = 'printed_total'
  GROUP BY t.source_id, t.control, t.scope, t.currency, t.expected
), stated AS (
  SELECT t.source_id, t.control, t.scope, t.currency, t.expected, CAST(count(l.fate) AS DECIMAL(38,12)) AS actual
  FROM run.control_total AS t
  LEFT JOIN line AS l ON l.source_id = t.source_id AND l.file = t.scope AND l.fate <> 'empty'
  WHERE t.control = 'stated_count'
  GROUP BY t.source_id, t.control, t.scope, t.currency, t.expected
), attested AS (
  SELECT i.provider, i.billing_month, i.currency, o.invoice_id, min(i.invoice_id) AS first_id, count(*) AS invoices, money_sum(i.total) AS total
  FROM run.invoice AS i
  LEFT JOIN (SELECT DISTINCT provider, billing_month, currency, invoice_id FROM staging.charge WHERE role = 'money') AS o
    ON o.provider = i.provider AND o.billing_month = i.billing_month AND o.currency = i.currency AND o.invoice_id = i.invoice_id
  GROUP BY i.provider, i.billing_month, i.currency, o.invoice_id
)
SELECT control, source_id || ' ' || scope AS scope, CAST(NULL AS DATE) AS billing_month, currency, expected, actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM counted
UNION ALL
SELECT control, source_id || ' ' || scope, NULL, currency, expected, actual, CAST(0 AS DECIMAL(38,12)) FROM stated
UNION ALL
SELECT control, source_id || ' ' || scope, NULL, currency, expected, actual, CAST(0 AS DECIMAL(38,12)) FROM printed
UNION ALL
SELECT 'invoice_total', a.provider || ' ' || CASE a.invoices WHEN 1 THEN a.first_id ELSE CAST(a.invoices AS VARCHAR) || ' invoices' END, a.billing_month,
       a.currency, a.total, coalesce(money_sum(c.billed_amount), CAST(0 AS DECIMAL(38,12))), CAST(a.invoices * CAST('0.005' AS DECIMAL(4,3)) AS DECIMAL(38,12))
FROM attested AS a
LEFT JOIN staging.charge AS c ON c.provider = a.provider AND c.billing_month = a.billing_month AND c.currency = a.currency
  AND c.role = 'money' AND c.invoice_id IS NOT DISTINCT FROM a.invoice_id
GROUP BY a.provider, a.billing_month, a.currency, a.invoice_id, a.first_id, a.invoices, a.total
