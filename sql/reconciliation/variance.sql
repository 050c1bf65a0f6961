-- Billed against rated where a bill covers metered usage, by month, provider, sku and meter: quantity, rating and price effects sum to the difference with no division.
-- Where the bill states no quantity, what the rating effect leaves is unquantified.
WITH billed AS (
  SELECT billing_month, provider, sku, meter, currency, money_sum(amount) AS billed_amount,
         CASE WHEN count(quantity) = count(*) THEN TRY_CAST(quantity_sum(quantity) AS DECIMAL(18,6)) END AS billed_quantity
  FROM allocation.charge_line
  WHERE meter IS NOT NULL AND category = 'Usage'
  GROUP BY billing_month, provider, sku, meter, currency
), covered AS (
  SELECT month_start(u.usage_date) AS billing_month, u.provider, u.sku, u.meter, u.currency, money_sum(u.rated_amount) AS rated_amount,
         CAST(quantity_sum(u.weight_quantity) AS DECIMAL(18,6)) AS logged_quantity, max(u.unit_price) AS unit_price
  FROM rating.rated_usage AS u
  JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
    AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
  WHERE u.price_state IN ('priced', 'stated')
  GROUP BY month_start(u.usage_date), u.provider, u.sku, u.meter, u.currency
)
SELECT coalesce(b.billing_month, c.billing_month) AS billing_month, coalesce(b.provider, c.provider) AS provider, coalesce(b.sku, c.sku) AS sku,
       coalesce(b.meter, c.meter) AS meter, coalesce(b.currency, c.currency) AS currency,
       b.billed_amount, b.billed_quantity, c.rated_amount, c.logged_quantity, c.unit_price,
       CAST(quantity_effect(b.billed_quantity, c.logged_quantity, c.unit_price) AS DECIMAL(38,12)) AS quantity_effect,
       CAST(rating_effect(c.logged_quantity, c.unit_price, c.rated_amount) AS DECIMAL(38,12)) AS rating_effect,
       CAST(price_effect(b.billed_amount, b.billed_quantity, c.unit_price) AS DECIMAL(38,12)) AS price_effect,
       CASE WHEN b.billed_quantity IS NULL OR c.unit_price IS NULL
            THEN coalesce(b.billed_amount, CAST(0 AS DECIMAL(38,12))) - coalesce(c.rated_amount, CAST(0 AS DECIMAL(38,12)))
                 - coalesce(rating_effect(c.logged_quantity, c.unit_price, c.rated_amount), CAST(0 AS DECIMAL(38,12))) END AS unquantified
FROM billed AS b
FULL OUTER JOIN covered AS c ON c.billing_month = b.billing_month AND c.provider = b.provider AND c.sku = b.sku AND c.meter = b.meter AND c.currency = b.currency
