-- Every cause of billed − rated. What repriced alike on both sides (long prompts, prices of the day) is no difference: rating and an unmatched price effect of opposite signs meet.
-- Where neighbouring days owe each other all of a quantity, timing is all of its effect, what valuing both quantities rounded too.
WITH timed AS (
  SELECT e.*, t.quantity AS timing_quantity, priced(t.quantity, e.unit_price) AS timing_price
  FROM reconciliation.bridge_effect AS e
  LEFT JOIN reconciliation.bridge_timing AS t ON t.billing_month = e.billing_month AND t.compare_day = e.compare_day AND t.provider = e.provider
    AND t.sku = e.sku AND t.meter = e.meter AND t.service_tier = e.service_tier AND t.currency = e.currency
), told AS (
  SELECT e.*, m.cause AS price_cause, m.price_no AS used_price_no, m.unit_price AS used_price,
         CASE WHEN e.timing_quantity = e.billed_quantity - e.logged_quantity THEN e.quantity_effect
              ELSE coalesce(converted(e.timing_price, e.exchange_rate), CAST(0 AS DECIMAL(38,12))) END AS timing,
         CASE WHEN m.cause IS NULL THEN CAST(cancelled(e.price_effect, e.rating_effect) AS DECIMAL(38,12)) ELSE CAST(0 AS DECIMAL(38,12)) END AS repriced,
         coalesce(m.amount - e.billed_value, CAST(0 AS DECIMAL(38,12))) AS version
  FROM timed AS e
  LEFT JOIN reconciliation.bridge_match AS m ON m.billing_month = e.billing_month AND m.compare_day = e.compare_day AND m.provider = e.provider
    AND m.sku = e.sku AND m.meter = e.meter AND m.service_tier = e.service_tier AND m.currency = e.currency
), named AS (
  SELECT told.*, n.cause,
         CASE n.cause WHEN 'whole' THEN CASE WHEN whole_cause IS NOT NULL THEN difference END WHEN 'quantity' THEN quantity_effect - timing WHEN 'timing' THEN timing
           WHEN 'rating' THEN rating_effect + repriced WHEN 'version' THEN version
           WHEN 'rounding' THEN CASE WHEN price_cause IS NOT NULL THEN price_effect - version END
           ELSE CASE WHEN price_cause IS NULL THEN price_effect - repriced END END AS amount
  FROM told
  CROSS JOIN (SELECT * FROM (VALUES ('whole'), ('quantity'), ('timing'), ('rating'), ('version'), ('rounding'), ('unexplained')) AS v(cause)) AS n
), part AS (
  SELECT billing_month, compare_day, provider, sku, meter, service_tier, currency,
         CASE cause WHEN 'whole' THEN whole_cause WHEN 'version' THEN price_cause WHEN 'quantity' THEN CASE WHEN amount > 0 THEN 'unlogged' ELSE 'over_logged' END ELSE cause END AS cause,
         amount, billed_quantity, quantity_from, logged_quantity, price_no, CASE WHEN cause IN ('version', 'rounding') AND used_price_no <> price_no THEN used_price_no END AS used_price_no, lines, first_line, last_line
  FROM named
  UNION ALL
  SELECT billing_month, first_day, provider, sku, meter, service_tier, currency, cause, money_sum(amount), NULL, NULL, NULL, NULL, NULL, count(*), min(line_key), max(line_key)
  FROM reconciliation.bridge_charge
  WHERE cause IS NOT NULL
  GROUP BY billing_month, first_day, provider, sku, meter, service_tier, currency, cause
  UNION ALL
  SELECT billing_month, first_day, provider, sku, meter, service_tier, currency, 'prepaid', money_sum(prepaid_amount), NULL, NULL, NULL, NULL, NULL, count(*), min(line_key), max(line_key)
  FROM reconciliation.bridge_charge
  GROUP BY billing_month, first_day, provider, sku, meter, service_tier, currency
  UNION ALL
  SELECT billing_month, usage_date, provider, sku, meter, service_tier, currency, 'not_billed', -rated_amount, NULL, NULL, logged_quantity, NULL, NULL, 0, NULL, NULL
  FROM reconciliation.bridge_usage
  WHERE NOT is_covered
)
SELECT * FROM part WHERE amount <> 0
