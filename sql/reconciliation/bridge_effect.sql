-- Billed − rated of each key in three effects that sum to it with no division: quantity, rating (what repriced within the key) and price.
-- A price meets the bill at the rate of the billing month. Without a billed quantity or a price the difference stands whole.
WITH priced_key AS (
  SELECT k.*, p.price_no, p.unit_price, p.exchange_rate, priced(k.billed_quantity, p.unit_price) AS billed_price, priced(k.logged_quantity, p.unit_price) AS logged_price
  FROM reconciliation.bridge_key AS k
  LEFT JOIN reconciliation.bridge_price AS p ON p.billing_month = k.billing_month AND p.compare_day = k.compare_day AND p.provider = k.provider AND p.sku = k.sku
    AND p.meter = k.meter AND p.service_tier = k.service_tier AND p.currency = k.currency AND p.exchange_rate IS NOT NULL
), valued AS (
  SELECT priced_key.*, converted(billed_price, exchange_rate) AS billed_value, converted(logged_price, exchange_rate) AS logged_value
  FROM priced_key
)
SELECT billing_month, compare_day, is_by_month, provider, sku, meter, service_tier, currency, billed_amount, rated_amount,
       billed_quantity, quantity_from, logged_quantity, price_no, unit_price, exchange_rate, billed_value, lines, first_line, last_line,
       CAST(billed_value - logged_value AS DECIMAL(38,12)) AS quantity_effect,
       CASE WHEN billed_quantity IS NOT NULL THEN CAST(logged_value - rated_amount AS DECIMAL(38,12)) END AS rating_effect,
       CAST(billed_amount - billed_value AS DECIMAL(38,12)) AS price_effect,
       CASE WHEN billed_quantity IS NULL THEN 'unquantified' WHEN price_no IS NULL THEN 'unexplained' END AS whole_cause,
       billed_amount - rated_amount AS difference
FROM valued
