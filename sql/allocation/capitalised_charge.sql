-- Charges that a register entry capitalises: they leave the month's cost, and only the entry's schedule reaches features.
WITH ranked AS (
  SELECT m.line_key, f.entry_id, f.kind, row_number() OVER (PARTITION BY m.line_key ORDER BY f.entry_id) AS place
  FROM allocation.charge_match AS m
  JOIN run.fixed_cost AS f ON f.entry_id = m.owner_key
  WHERE m.owner_kind = 'entry'
)
SELECT r.line_key, r.entry_id, r.kind AS entry_kind, l.provider, l.billing_month, l.currency, l.billed_amount, l.effective_amount, l.amount,
       l.original_currency, l.original_billed_amount, l.original_amount, l.exchange_rate
FROM ranked AS r
JOIN allocation.charge_line AS l ON l.line_key = r.line_key
WHERE r.place = 1
