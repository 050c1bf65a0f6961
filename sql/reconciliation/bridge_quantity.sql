-- Quantities of which a provider's usage API tells for all accounts that its bills name, by day and tier. A day that it tells of in full is here even
-- where it is empty, under the sku `(all)`: what it does not name was not used.
WITH billed_account AS (
  SELECT DISTINCT provider, account_id FROM allocation.charge_line WHERE account_id IS NOT NULL
), telling AS (
  SELECT DISTINCT provider, account_id, usage_date, meter FROM reconciliation.billed_told
), untold AS (
  SELECT DISTINCT d.provider, d.usage_date, d.meter
  FROM (SELECT DISTINCT provider, usage_date, meter FROM telling) AS d
  JOIN billed_account AS a ON a.provider = d.provider
  LEFT JOIN telling AS t ON t.provider = d.provider AND t.usage_date = d.usage_date AND t.meter = d.meter AND (t.account_id IS NULL OR t.account_id = a.account_id)
  WHERE t.provider IS NULL
), told AS (
  SELECT DISTINCT t.provider, t.usage_date, t.meter
  FROM telling AS t
  LEFT JOIN untold AS u ON u.provider = t.provider AND u.usage_date = t.usage_date AND u.meter = t.meter
  WHERE u.provider IS NULL
)
SELECT provider, usage_date, '(all)' AS sku, meter, '(all)' AS service_tier, CAST(0 AS DECIMAL(26,6)) AS quantity
FROM told
UNION ALL
SELECT b.provider, b.usage_date, coalesce(n.sku, b.model), b.meter, b.service_tier, quantity_sum(b.quantity)
FROM staging.billed_usage AS b
JOIN told AS t ON t.provider = b.provider AND t.usage_date = b.usage_date AND t.meter = b.meter
LEFT JOIN rating.sku_name AS n ON n.provider = b.provider AND n.name = b.model
GROUP BY b.provider, b.usage_date, coalesce(n.sku, b.model), b.meter, b.service_tier
