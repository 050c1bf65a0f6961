-- The terms of the statement by the currency that they arose in, with the rate of the month that each is converted at. Of a disposal, what the books carried
-- has the rate of the entry, and what it brought that of its own month.
WITH term AS (
  SELECT billing_month, 'billed' AS part, provider, original_currency, billing_month AS rate_month, exchange_rate, currency, original_billed_amount AS original_amount,
         billed_amount AS amount, CAST(1 AS BIGINT) AS items
  FROM allocation.charge_line
  UNION ALL
  SELECT billing_month, 'prepaid movement', provider, original_currency, billing_month, exchange_rate, currency, original_amount - original_billed_amount,
         amount - billed_amount, 1
  FROM allocation.charge_line
  WHERE original_amount <> original_billed_amount OR amount <> billed_amount
  UNION ALL
  SELECT billing_month, 'capitalised', provider, original_currency, billing_month, exchange_rate, currency, -original_amount, -amount, 1
  FROM allocation.capitalised_charge
  UNION ALL
  SELECT month_start(d.usage_date), CASE d.kind WHEN 'recurring' THEN 'recurring register' ELSE 'schedules' END, f.provider, d.original_currency, d.rate_month,
         d.exchange_rate, d.currency, d.original_amount + coalesce(c.proceeds, CAST(0 AS DECIMAL(38,12))),
         d.amount + CASE WHEN c.proceeds IS NULL THEN CAST(0 AS DECIMAL(38,12)) WHEN x.rate IS NULL THEN c.proceeds ELSE converted(c.proceeds, x.rate) END, 1
  FROM allocation.fixed_day AS d
  CROSS JOIN run.period AS p
  JOIN run.fixed_cost AS f ON f.entry_id = d.entry_id
  LEFT JOIN run.fixed_cost_change AS c ON d.kind = 'disposal' AND c.kind = 'disposal' AND c.entry_id = d.entry_id
  LEFT JOIN run.fx AS x ON x.month = month_start(c.changed_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
  WHERE d.usage_date >= p.start_month AND d.usage_date <= p.as_of
  UNION ALL
  SELECT month_start(c.changed_on), 'proceeds', f.provider, f.currency, month_start(c.changed_on), x.rate, CASE WHEN x.rate IS NULL THEN f.currency ELSE x.to_currency END,
         -c.proceeds, CASE WHEN x.rate IS NULL THEN -c.proceeds ELSE -converted(c.proceeds, x.rate) END, 1
  FROM run.fixed_cost_change AS c
  CROSS JOIN run.period AS p
  JOIN run.fixed_cost AS f ON f.entry_id = c.entry_id
  JOIN allocation.fixed_day AS d ON d.entry_id = c.entry_id AND d.kind = 'disposal'
  LEFT JOIN run.fx AS x ON x.month = month_start(c.changed_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
  WHERE c.kind = 'disposal' AND c.changed_on >= p.start_month AND c.changed_on <= p.as_of
  UNION ALL
  SELECT billing_month, 'rated, not billed', provider, original_currency, billing_month, exchange_rate, currency, original_amount, amount, items
  FROM allocation.estimated_month
)
SELECT t.billing_month, t.part, t.provider, t.original_currency, CASE WHEN t.original_currency = t.currency THEN t.billing_month ELSE t.rate_month END AS rate_month,
       t.exchange_rate, x.source AS rate_source, t.currency,
       money_sum(t.original_amount) AS original_amount, money_sum(t.amount) AS amount, count_sum(t.items) AS items
FROM term AS t
LEFT JOIN run.fx AS x ON x.month = t.rate_month AND x.from_currency = t.original_currency AND x.to_currency = t.currency
GROUP BY t.billing_month, t.part, t.provider, t.original_currency, CASE WHEN t.original_currency = t.currency THEN t.billing_month ELSE t.rate_month END,
         t.exchange_rate, x.source, t.currency
