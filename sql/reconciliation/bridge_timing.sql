-- What neighbouring days of a key owe each other: where one day is billed more than logged and the next one less, left to right, the smaller of the two is timing.
-- A month stands alone, so that one which is closed is never told otherwise by the next.
WITH measured AS (
  SELECT billing_month, provider, sku, meter, service_tier, currency, compare_day, CAST(billed_quantity - logged_quantity AS DECIMAL(26,6)) AS owed,
         add_days(compare_day, -row_number() OVER (PARTITION BY billing_month, provider, sku, meter, service_tier, currency ORDER BY compare_day)) AS island
  FROM reconciliation.bridge_effect
  WHERE whole_cause IS NULL AND NOT is_by_month
), carried AS (
  SELECT measured.*, left_over(array_agg(owed) OVER (PARTITION BY billing_month, provider, sku, meter, service_tier, currency, island
                                                     ORDER BY compare_day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS left_owed
  FROM measured
), met AS (
  SELECT carried.*, cancelled(left_owed, lead(owed) OVER (PARTITION BY billing_month, provider, sku, meter, service_tier, currency, island ORDER BY compare_day)) AS to_next
  FROM carried
), timed AS (
  SELECT billing_month, compare_day, provider, sku, meter, service_tier, currency,
         CAST(to_next - coalesce(lag(to_next) OVER (PARTITION BY billing_month, provider, sku, meter, service_tier, currency, island ORDER BY compare_day),
                                 CAST(0 AS DECIMAL(26,6))) AS DECIMAL(26,6)) AS quantity
  FROM met
)
SELECT billing_month, compare_day, provider, sku, meter, service_tier, currency, quantity FROM timed WHERE quantity <> 0
