-- The price that the provider must have used where billed is not quantity × the book's price: another row of the book which gives the amount to the
-- digits that it prints. The book's own price first (the rest is rounding), then another date, another agreement, another tier; the nearest date first.
-- Bills and prices in another currency meet at the rate of the billing month; digits are those of the bill, in its own.
WITH printed AS (
  SELECT billing_month, provider, sku, meter, currency, original_currency, exchange_rate, max(decimals_of(original_amount)) AS decimals
  FROM reconciliation.bridge_charge
  WHERE cause IS NULL
  GROUP BY billing_month, provider, sku, meter, currency, original_currency, exchange_rate
), unit AS (
  SELECT p.*, half_unit(CASE WHEN p.decimals > c.minor_exponent THEN p.decimals ELSE c.minor_exponent END) AS half
  FROM printed AS p
  JOIN run.currency AS c ON c.currency = p.original_currency
), printing AS (
  SELECT billing_month, provider, sku, meter, currency,
         max(CASE WHEN exchange_rate IS NULL THEN half ELSE CAST(converted(half, exchange_rate) + CAST('0.000000000001' AS DECIMAL(38,12)) AS DECIMAL(38,13)) END) AS half
  FROM unit
  GROUP BY billing_month, provider, sku, meter, currency
), asked AS (
  SELECT e.*, p.layer, p.region, p.prompt_over, p.minute_from, p.minute_to,
         coalesce(d.half, half_unit(c.minor_exponent)) AS half
  FROM reconciliation.bridge_effect AS e
  LEFT JOIN printing AS d ON d.billing_month = e.billing_month AND d.provider = e.provider AND d.sku = e.sku AND d.meter = e.meter AND d.currency = e.currency
  JOIN run.price AS p ON p.price_no = e.price_no
  JOIN run.currency AS c ON c.currency = e.currency
  WHERE e.price_effect <> 0 AND e.billed_quantity <> 0
), candidate AS (
  SELECT a.billing_month, a.compare_day, a.provider, a.sku, a.meter, a.service_tier, a.currency, a.billed_amount, a.lines, a.half, q.price_no, q.unit_price,
         priced(a.billed_quantity, q.unit_price) AS price_amount, CASE WHEN q.currency = a.currency THEN CAST(1 AS DECIMAL(20,12)) ELSE x.rate END AS rate,
         CASE WHEN q.price_no = a.price_no THEN 'rounding'
              WHEN q.service_tier <> a.service_tier OR q.region <> a.region OR q.prompt_over <> a.prompt_over OR q.minute_from <> a.minute_from OR q.minute_to <> a.minute_to THEN 'tier'
              WHEN q.layer <> a.layer THEN 'discount' ELSE 'price_version' END AS cause,
         abs(days_between(day_of(q.valid_from), a.compare_day)) AS distance
  FROM asked AS a
  JOIN run.price AS q ON q.provider = a.provider AND q.sku = a.sku AND q.meter = a.meter
  LEFT JOIN run.fx AS x ON x.month = a.billing_month AND x.from_currency = q.currency AND x.to_currency = a.currency
  WHERE q.unit_price IS NOT NULL AND (q.currency = a.currency OR x.rate IS NOT NULL)
), met AS (
  SELECT candidate.*, converted(price_amount, rate) AS amount FROM candidate
), ranked AS (
  SELECT met.*,
         row_number() OVER (PARTITION BY billing_month, compare_day, provider, sku, meter, service_tier, currency
                            ORDER BY CASE cause WHEN 'rounding' THEN 0 WHEN 'price_version' THEN 1 WHEN 'discount' THEN 2 ELSE 3 END, distance, price_no) AS place
  FROM met
  WHERE CAST(abs(billed_amount - amount) AS DECIMAL(38,13)) <= half * CAST(lines AS DECIMAL(9,0))
)
SELECT billing_month, compare_day, provider, sku, meter, service_tier, currency, cause, price_no, unit_price, amount FROM ranked WHERE place = 1
