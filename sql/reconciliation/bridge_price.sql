-- The price of the book that a key of the bridge is valued at, and the rate of the billing month at which it meets the bill: in force at the start of its day, as usage of short prompts would be rated then.
-- Where none is in force yet, the first that begins within the day or month that is compared.
WITH candidate AS (
  SELECT k.billing_month, k.compare_day, k.provider, k.sku, k.meter, k.service_tier, k.currency, p.layer, p.region, p.minute_from, p.minute_to,
         p.price_no, p.unit_price, p.currency AS price_currency, p.valid_from, p.valid_from <= CAST(k.compare_day AS TIMESTAMP(6)) AS is_in_force,
         row_number() OVER (PARTITION BY k.billing_month, k.compare_day, k.provider, k.sku, k.meter, k.service_tier, k.currency, p.layer, p.region, p.minute_from, p.minute_to,
                                         p.valid_from <= CAST(k.compare_day AS TIMESTAMP(6))
                            ORDER BY CASE WHEN p.valid_from <= CAST(k.compare_day AS TIMESTAMP(6)) THEN -seconds_between(TIMESTAMP '2000-01-01 00:00:00', p.valid_from)
                                          ELSE seconds_between(TIMESTAMP '2000-01-01 00:00:00', p.valid_from) END, p.price_no DESC) AS age
  FROM reconciliation.bridge_key AS k
  JOIN run.price AS p ON p.provider = k.provider AND p.sku = k.sku AND p.meter = k.meter AND p.service_tier = k.service_tier
  WHERE p.prompt_over = 0 AND (p.minute_from = 0 OR (p.minute_from > p.minute_to AND p.minute_to > 0))
    AND p.valid_from < CAST(CASE WHEN k.is_by_month THEN add_months(k.compare_day, 1) ELSE add_days(k.compare_day, 1) END AS TIMESTAMP(6))
), standing AS (
  SELECT candidate.*,
         row_number() OVER (PARTITION BY billing_month, compare_day, provider, sku, meter, service_tier, currency
                            ORDER BY CASE WHEN is_in_force THEN 0 ELSE 1 END, CASE layer WHEN 'negotiated' THEN 0 ELSE 1 END, region,
                                     CASE WHEN minute_from = 0 AND minute_to = 1440 THEN 1 ELSE 0 END, price_no DESC) AS place
  FROM candidate
  WHERE age = 1 AND unit_price IS NOT NULL
)
SELECT s.billing_month, s.compare_day, s.provider, s.sku, s.meter, s.service_tier, s.currency, s.price_no, s.unit_price, s.price_currency,
       CASE WHEN s.price_currency = s.currency THEN CAST(1 AS DECIMAL(20,12)) ELSE x.rate END AS exchange_rate
FROM standing AS s
LEFT JOIN run.fx AS x ON x.month = s.billing_month AND x.from_currency = s.price_currency AND x.to_currency = s.currency
WHERE s.place = 1
