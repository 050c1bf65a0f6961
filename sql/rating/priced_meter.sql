-- Quantity × the price in force, exact, rounded half-even to the ledger's scale once; in the reporting currency at the rate of the month of its day.
-- A token, storage, egress, GPU or review meter without a price is unpriced; a counter (requests, calls, images) is unpriced only where
-- nothing of its sku has a price, since providers bill by one meter and logs count several. Whole units at a price of twelve decimals, which are
-- nearly all, need no rounding: that is a division of 128 bits.
WITH priced_key AS (
  SELECT DISTINCT rate_key FROM rating.price_in_force
), price AS (
  SELECT rate_key, meter, price_no, unit_price, currency,
         CASE WHEN CAST(unit_price AS DECIMAL(20,12)) = unit_price THEN CAST(unit_price AS DECIMAL(20,12)) END AS short_price
  FROM rating.price_in_force
), product AS (
  SELECT m.usage_no, m.usage_date, m.rate_key, m.meter, m.quantity, p.price_no, p.unit_price, p.short_price, p.currency, m.quantity * p.unit_price AS exact
  FROM rating.usage_meter AS m
  LEFT JOIN price AS p ON p.rate_key = m.rate_key AND p.meter = m.meter
), told AS (
  SELECT product.*, short_price IS NOT NULL AND floor(quantity) = quantity AND abs(exact) < CAST('100000000000000' AS DECIMAL(38,20)) AS is_short FROM product
), rounded AS (
  SELECT told.*, CASE WHEN NOT is_short THEN CAST(exact AS DECIMAL(38,12)) END AS rounded FROM told
), priced AS (
  SELECT rounded.*, CASE WHEN is_short THEN CAST(CAST(quantity AS DECIMAL(12,0)) * short_price AS DECIMAL(38,12)) ELSE half_even_from(exact, rounded) END AS amount
  FROM rounded
)
SELECT m.usage_no, m.usage_date, m.rate_key, m.meter, m.quantity, m.price_no, m.unit_price,
       CASE WHEN x.rate IS NULL THEN m.currency ELSE x.to_currency END AS currency,
       CASE WHEN x.rate IS NULL THEN m.amount ELSE converted(m.amount, x.rate) END AS computed_amount,
       m.currency AS price_currency, m.amount AS price_amount, x.rate AS exchange_rate,
       m.unit_price IS NULL AND k.rate_key IS NOT NULL
         AND m.meter NOT IN ('input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens',
                             'embedding_tokens', 'storage_gb_months', 'egress_gb', 'gpu_hours', 'review_minutes') AS is_counter
FROM priced AS m
CROSS JOIN run.period AS b
LEFT JOIN run.fx AS x ON x.month = month_start(m.usage_date) AND x.from_currency = m.currency AND x.to_currency = b.currency
LEFT JOIN priced_key AS k ON k.rate_key = m.rate_key
