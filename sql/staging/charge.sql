-- Charges of bills whose money reaches the statement or a control, at the ledger's scale. What rounding moved is kept beside it.
SELECT
  l.source_id || '|' || l.file || '|' || CAST(l."row" AS VARCHAR) AS line_key,
  l.source_id, l.file, l."row", s.role, s.basis, l.provider, l.account_id, l.sub_account_id, l.invoice_id,
  month_start(l.billing_period_start) AS billing_month, l.billing_period_start, l.billing_period_end, l.charge_start, l.charge_end,
  l.category, l.charge_class, l.service, l.item, l.model_hint, l.meter_hint, l.description, l.resource, l.commitment, l.commitment_status,
  l.service_tier, l.quantity, l.currency, l.tags, l.feature_tag, l.allocated_resource, l.allocated_tags,
  half_even_12(l.billed_24) AS billed_amount, half_even_12(l.effective_24) AS effective_amount,
  CASE WHEN s.basis = 'effective' THEN half_even_12(l.effective_24) ELSE half_even_12(l.billed_24) END AS amount,
  CASE WHEN s.basis = 'effective' THEN l.effective_24 ELSE l.billed_24 END AS amount_24,
  CASE WHEN l.is_final OR i.provider IS NOT NULL THEN 'final' ELSE 'provisional' END AS finality
FROM staging.bill_line AS l
JOIN run.source AS s ON s.source_id = l.source_id
LEFT JOIN (SELECT DISTINCT provider, billing_month FROM run.invoice) AS i
  ON i.provider = l.provider AND i.billing_month = month_start(l.billing_period_start)
WHERE l.fate = 'loaded'
