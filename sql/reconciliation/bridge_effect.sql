-- Billed − rated of each key in three effects that sum to it with no division: quantity, rating (what repriced within the key) and price.
-- Without a billed quantity or a price the difference stands whole.
SELECT k.billing_month, k.compare_day, k.is_by_month, k.provider, k.sku, k.meter, k.service_tier, k.currency, k.billed_amount, k.rated_amount,
       k.billed_quantity, k.quantity_from, k.logged_quantity, p.price_no, p.unit_price, k.lines, k.first_line, k.last_line,
       CAST(quantity_effect(k.billed_quantity, k.logged_quantity, p.unit_price) AS DECIMAL(38,12)) AS quantity_effect,
       CASE WHEN k.billed_quantity IS NOT NULL THEN CAST(rating_effect(k.logged_quantity, p.unit_price, k.rated_amount) AS DECIMAL(38,12)) END AS rating_effect,
       CAST(price_effect(k.billed_amount, k.billed_quantity, p.unit_price) AS DECIMAL(38,12)) AS price_effect,
       CASE WHEN k.billed_quantity IS NULL THEN 'unquantified' WHEN p.price_no IS NULL THEN 'unexplained' END AS whole_cause,
       k.billed_amount - k.rated_amount AS difference
FROM reconciliation.bridge_key AS k
LEFT JOIN reconciliation.bridge_price AS p ON p.billing_month = k.billing_month AND p.compare_day = k.compare_day AND p.provider = k.provider AND p.sku = k.sku
  AND p.meter = k.meter AND p.service_tier = k.service_tier AND p.currency = k.currency
