-- Billed beside logged quantity, by month, provider, sku and meter, of the days and meters of which the provider tells in full. An empty day of it is zero.
WITH named AS (
  SELECT DISTINCT source_id, sub_account_id FROM staging.billed_figure WHERE fate = 'loaded' AND sub_account_id IS NOT NULL
), billed AS (
  SELECT month_start(b.usage_date) AS billing_month, b.provider, coalesce(n.sku, b.model) AS sku, b.meter, quantity_sum(b.quantity) AS quantity,
         min(CASE WHEN t.source_id IS NULL THEN 0 ELSE 1 END) AS told
  FROM staging.billed_usage AS b
  CROSS JOIN run.period AS p
  LEFT JOIN rating.sku_name AS n ON n.provider = b.provider AND n.name = b.model
  LEFT JOIN reconciliation.billed_told AS t ON t.source_id = b.source_id AND t.usage_date = b.usage_date AND t.meter = b.meter
  WHERE b.usage_date >= p.start_month AND b.usage_date <= p.as_of
  GROUP BY month_start(b.usage_date), b.provider, coalesce(n.sku, b.model), b.meter
), matched AS (
  SELECT DISTINCT u.usage_no, t.meter
  FROM rating.usage_day AS u
  JOIN reconciliation.billed_told AS t ON t.provider = u.provider AND t.usage_date = u.usage_date
  LEFT JOIN named AS own ON own.source_id = t.source_id AND own.sub_account_id = u.account_id
  WHERE NOT u.cache_hit AND (u.account_id IS NULL OR t.account_id IS NULL OR t.account_id = u.account_id OR own.source_id IS NOT NULL)
), logged AS (
  SELECT month_start(u.usage_date) AS billing_month, u.provider, u.sku, m.meter, quantity_sum(m.quantity) AS quantity
  FROM matched AS t
  JOIN rating.usage_meter AS m ON m.usage_no = t.usage_no AND m.meter = t.meter
  JOIN rating.usage_day AS u ON u.usage_no = t.usage_no
  GROUP BY month_start(u.usage_date), u.provider, u.sku, m.meter
), counts AS (
  SELECT DISTINCT billing_month, provider, meter FROM logged
), beside AS (
  SELECT coalesce(b.billing_month, l.billing_month) AS billing_month, coalesce(b.provider, l.provider) AS provider, coalesce(b.sku, l.sku) AS sku,
         coalesce(b.meter, l.meter) AS meter, coalesce(b.quantity, CAST(0 AS DECIMAL(26,6))) AS billed_quantity, l.quantity AS logged,
         coalesce(b.told, 1) = 1 AS is_told
  FROM billed AS b
  FULL OUTER JOIN logged AS l ON l.billing_month = b.billing_month AND l.provider = b.provider AND l.sku = b.sku AND l.meter = b.meter
)
SELECT d.billing_month, d.provider, d.sku, d.meter, d.billed_quantity,
       CASE WHEN NOT d.is_told OR (d.meter = 'requests' AND c.meter IS NULL) THEN NULL ELSE coalesce(d.logged, CAST(0 AS DECIMAL(26,6))) END AS logged_quantity, d.is_told
FROM beside AS d
LEFT JOIN counts AS c ON c.billing_month = d.billing_month AND c.provider = d.provider AND c.meter = d.meter
