-- The one price of each band and meter. In its slot (layer, region, hours, prompt length) the latest row counts, and an empty price ends the slot;
-- of the slots that stand: negotiated before list, the own region before every region, the longest prompt threshold, own hours before all day.
WITH candidate AS (
  SELECT k.rate_key, p.meter, p.layer, p.region, p.minute_from, p.minute_to, p.prompt_over, p.price_no, p.unit_price, p.currency,
         row_number() OVER (PARTITION BY k.rate_key, p.meter, p.layer, p.region, p.minute_from, p.minute_to, p.prompt_over
                            ORDER BY p.valid_from DESC, p.price_no DESC) AS age
  FROM rating.rate_key AS k
  JOIN run.price AS p ON p.provider = k.provider AND p.sku = k.sku AND p.service_tier = k.service_tier AND p.region IN ('', k.region)
  WHERE p.valid_from <= k.valid_from
    AND (p.prompt_over = 0 OR p.prompt_over < k.prompt_from)
    AND CASE WHEN p.minute_from < p.minute_to THEN k.minute_from >= p.minute_from AND k.minute_from < p.minute_to
             ELSE k.minute_from >= p.minute_from OR k.minute_from < p.minute_to END
), standing AS (
  SELECT rate_key, meter, price_no, unit_price, currency,
         row_number() OVER (PARTITION BY rate_key, meter
                            ORDER BY CASE layer WHEN 'negotiated' THEN 0 ELSE 1 END, CASE region WHEN '' THEN 1 ELSE 0 END, prompt_over DESC,
                                     CASE WHEN minute_from = 0 AND minute_to = 1440 THEN 1 ELSE 0 END, price_no DESC) AS place
  FROM candidate
  WHERE age = 1 AND unit_price IS NOT NULL
)
SELECT rate_key, meter, price_no, unit_price, currency FROM standing WHERE place = 1
