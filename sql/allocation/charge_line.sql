-- Charges of money bills inside the company's books, in the reporting currency at the rate of their billing month, with the sku and meter that usage
-- knows them by: the declared map first, else the bill's own words. Without a rate a charge stays as billed, and the gate stops the month.
WITH item AS (
  SELECT DISTINCT provider, item FROM staging.charge
), mapped AS (
  SELECT i.provider, i.item, m.sku, m.meter, m.factor, m.cause,
         row_number() OVER (PARTITION BY i.provider, i.item
                            ORDER BY CASE WHEN m.exact THEN 0 ELSE 1 END, length(m.item) DESC, m.item) AS place
  FROM item AS i
  JOIN run.sku_map AS m ON m.provider = i.provider AND i.item LIKE m.item ESCAPE '\'
)
SELECT c.line_key, c.source_id, c.file, c."row", c.basis, c.provider, c.account_id, c.sub_account_id, c.invoice_id, c.billing_month,
       c.billing_period_start, c.billing_period_end, c.charge_start, c.charge_end, c.category, c.charge_class, c.service, c.item,
       coalesce(nullif(m.sku, ''), n.sku, c.model_hint, c.item) AS sku,
       CASE WHEN m.provider IS NOT NULL THEN m.meter ELSE c.meter_hint END AS meter,
       CASE WHEN m.provider IS NOT NULL THEN 'map' WHEN c.meter_hint IS NOT NULL THEN 'hint' ELSE 'unmapped' END AS mapped_by,
       m.cause AS declared_cause, c.description, c.resource, c.commitment, c.commitment_status, c.service_tier,
       CASE WHEN m.factor IS NULL THEN c.quantity ELSE TRY_CAST(TRY_CAST(c.quantity AS DECIMAL(18,6)) * m.factor AS DECIMAL(26,6)) END AS quantity,
       CASE WHEN x.rate IS NULL THEN c.currency ELSE x.to_currency END AS currency, c.tags, c.feature_tag, c.allocated_resource, c.allocated_tags,
       CASE WHEN x.rate IS NULL THEN c.billed_amount ELSE converted(c.billed_amount, x.rate) END AS billed_amount,
       CASE WHEN x.rate IS NULL THEN c.effective_amount ELSE converted(c.effective_amount, x.rate) END AS effective_amount,
       CASE WHEN x.rate IS NULL THEN c.amount ELSE converted(c.amount, x.rate) END AS amount,
       c.finality, c.currency AS original_currency, c.billed_amount AS original_billed_amount, c.amount AS original_amount, x.rate AS exchange_rate
FROM staging.charge AS c
CROSS JOIN run.period AS p
LEFT JOIN run.fx AS x ON x.month = c.billing_month AND x.from_currency = c.currency AND x.to_currency = p.currency
LEFT JOIN mapped AS m ON m.provider = c.provider AND m.item = c.item AND m.place = 1
LEFT JOIN rating.sku_name AS n ON n.provider = c.provider AND n.name = c.model_hint
WHERE c.role = 'money' AND c.billing_month >= p.start_month AND c.billing_month <= month_start(p.as_of)
