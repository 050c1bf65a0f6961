-- The finest grain of each item at which anything weighs. A charge without an invoice follows no invoice.
WITH tried AS (
  SELECT i.item_key, i.rule_no, g.rank, g.grain,
         CASE WHEN r.method IN ('proportional', 'follow') THEN coalesce(i.currency || ':', '') ELSE '' END ||
         grain_key(g.grain, i.usage_date, CASE WHEN r.method IN ('driver', 'revenue') THEN month_start(coalesce(i.usage_date, i.billing_month)) ELSE i.billing_month END,
                   i.provider, i.account_id, i.invoice_id, i.service, i.sku, i.meter) AS grain_key
  FROM allocation.pool_item AS i
  JOIN run.rule AS r ON r.rule_no = i.rule_no
  JOIN run.rule_grain AS g ON g.rule_no = i.rule_no
  WHERE i.invoice_id IS NOT NULL OR strpos(g.grain, 'invoice') = 0
), weighing AS (
  SELECT DISTINCT rule_no, rank, grain_key FROM allocation.driver
), ranked AS (
  SELECT t.item_key, t.rule_no, t.rank, t.grain, t.grain_key, row_number() OVER (PARTITION BY t.item_key ORDER BY t.rank) AS place
  FROM tried AS t
  JOIN weighing AS w ON w.rule_no = t.rule_no AND w.rank = t.rank AND w.grain_key = t.grain_key
)
SELECT item_key, rule_no, rank, grain, grain_key FROM ranked WHERE place = 1
