-- What was billed beside what was rated, at the finest grain that both sides have: the day; over the whole billing month where a line of the key is longer than a day.
WITH by_month AS (
  SELECT billing_month, provider, sku, meter, service_tier, currency, min(first_day) AS first_day
  FROM reconciliation.bridge_charge
  WHERE cause IS NULL
  GROUP BY billing_month, provider, sku, meter, service_tier, currency
  HAVING count(*) > count(CASE WHEN is_of_one_day THEN 1 END)
), stating AS (
  SELECT DISTINCT billing_month, provider FROM reconciliation.bridge_charge WHERE cause IS NULL AND quantity IS NOT NULL
), billed AS (
  SELECT c.billing_month, coalesce(m.first_day, c.first_day) AS compare_day, c.provider, c.sku, c.meter, c.service_tier, c.currency,
         money_sum(c.amount) AS amount, CASE WHEN count(c.quantity) = count(*) THEN CAST(TRY_CAST(money_sum(c.quantity) AS DECIMAL(24,6)) AS DECIMAL(26,6)) END AS quantity,
         count(*) AS lines, min(c.line_key) AS first_line, max(c.line_key) AS last_line
  FROM reconciliation.bridge_charge AS c
  LEFT JOIN by_month AS m ON m.billing_month = c.billing_month AND m.provider = c.provider AND m.sku = c.sku AND m.meter = c.meter
    AND m.service_tier = c.service_tier AND m.currency = c.currency
  WHERE c.cause IS NULL
  GROUP BY c.billing_month, coalesce(m.first_day, c.first_day), c.provider, c.sku, c.meter, c.service_tier, c.currency
), logged AS (
  SELECT u.billing_month, coalesce(m.first_day, u.usage_date) AS compare_day, u.provider, u.sku, u.meter, u.service_tier, u.currency,
         money_sum(u.rated_amount) AS amount, quantity_sum(u.logged_quantity) AS quantity
  FROM reconciliation.bridge_usage AS u
  LEFT JOIN by_month AS m ON m.billing_month = u.billing_month AND m.provider = u.provider AND m.sku = u.sku AND m.meter = u.meter
    AND m.service_tier = u.service_tier AND m.currency = u.currency
  WHERE u.is_covered
  GROUP BY u.billing_month, coalesce(m.first_day, u.usage_date), u.provider, u.sku, u.meter, u.service_tier, u.currency
), beside AS (
  SELECT coalesce(b.billing_month, l.billing_month) AS billing_month, coalesce(b.compare_day, l.compare_day) AS compare_day,
         coalesce(b.provider, l.provider) AS provider, coalesce(b.sku, l.sku) AS sku, coalesce(b.meter, l.meter) AS meter,
         coalesce(b.service_tier, l.service_tier) AS service_tier, coalesce(b.currency, l.currency) AS currency,
         coalesce(b.amount, CAST(0 AS DECIMAL(38,12))) AS billed_amount, coalesce(l.amount, CAST(0 AS DECIMAL(38,12))) AS rated_amount,
         b.quantity, coalesce(l.quantity, CAST(0 AS DECIMAL(26,6))) AS logged_quantity, coalesce(b.lines, 0) AS lines, b.first_line, b.last_line
  FROM billed AS b
  FULL OUTER JOIN logged AS l ON l.billing_month = b.billing_month AND l.compare_day = b.compare_day AND l.provider = b.provider AND l.sku = b.sku
    AND l.meter = b.meter AND l.service_tier = b.service_tier AND l.currency = b.currency
), used AS (
  SELECT provider, usage_date, sku, meter, quantity_sum(quantity) AS quantity, bool_or(service_tier = '(not told)') AS hides_tiers
  FROM reconciliation.bridge_quantity
  GROUP BY provider, usage_date, sku, meter
), known AS (
  SELECT k.*, m.first_day IS NOT NULL AS is_by_month, s.provider IS NOT NULL AND k.lines = 0 AS is_left_out, d.provider IS NOT NULL AND m.first_day IS NULL AS is_told,
         count(*) OVER (PARTITION BY k.compare_day, k.provider, k.sku, k.meter) AS tiers, a.quantity AS used_quantity, a.hides_tiers, t.quantity AS tier_quantity
  FROM beside AS k
  LEFT JOIN by_month AS m ON m.billing_month = k.billing_month AND m.provider = k.provider AND m.sku = k.sku AND m.meter = k.meter
    AND m.service_tier = k.service_tier AND m.currency = k.currency
  LEFT JOIN stating AS s ON s.billing_month = k.billing_month AND s.provider = k.provider
  LEFT JOIN used AS d ON d.provider = k.provider AND d.usage_date = k.compare_day AND d.sku = '(all)' AND d.meter = k.meter
  LEFT JOIN used AS a ON a.provider = k.provider AND a.usage_date = k.compare_day AND a.sku = k.sku AND a.meter = k.meter
  LEFT JOIN reconciliation.bridge_quantity AS t ON t.provider = k.provider AND t.usage_date = k.compare_day AND t.sku = k.sku AND t.meter = k.meter AND t.service_tier = k.service_tier
), quantified AS (
  SELECT known.*, CASE WHEN quantity IS NOT NULL OR is_left_out THEN 'bill' WHEN is_told AND (tiers = 1 OR NOT coalesce(hides_tiers, false)) THEN 'usage_api' END AS quantity_from
  FROM known
)
SELECT k.billing_month, k.compare_day, k.is_by_month, k.provider, k.sku, k.meter, k.service_tier, k.currency, k.billed_amount, k.rated_amount,
       CASE k.quantity_from WHEN 'bill' THEN coalesce(k.quantity, CAST(0 AS DECIMAL(26,6)))
                            WHEN 'usage_api' THEN coalesce(CASE WHEN k.tiers = 1 THEN k.used_quantity ELSE k.tier_quantity END, CAST(0 AS DECIMAL(26,6))) END AS billed_quantity,
       k.quantity_from, k.logged_quantity, k.lines, k.first_line, k.last_line
FROM quantified AS k
