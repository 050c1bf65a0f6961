-- Days of which a bill tells. A returned bucket is evidence even where it is empty; an absent one is none.
WITH bucket AS (
  SELECT DISTINCT source_id, day_of(charge_start) AS first_day, day_of(charge_start) AS last_day
  FROM staging.bill_line
  WHERE fate IN ('loaded', 'empty') AND source_id IN (SELECT source_id FROM run.source WHERE kind IN ('openai-costs', 'anthropic-costs'))
), period AS (
  SELECT l.source_id, day_of(l.billing_period_start) AS first_day,
         CASE WHEN s.kind = 'focus' THEN max(add_days(day_of(l.charge_end), CASE WHEN l.charge_end = CAST(day_of(l.charge_end) AS TIMESTAMP(6)) THEN -1 ELSE 0 END))
              ELSE max(add_days(day_of(l.billing_period_end), -1)) END AS last_day
  FROM staging.bill_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
  WHERE l.fate = 'loaded' AND s.kind IN ('focus', 'invoice-csv') AND (s.kind = 'invoice-csv' OR l.category = 'Usage')
  GROUP BY l.source_id, l.billing_period_start, s.kind
), told AS (
  SELECT source_id, first_day, last_day FROM bucket
  UNION ALL
  SELECT source_id, first_day, last_day FROM period
)
SELECT DISTINCT told.source_id, CAST(u.d AS DATE) AS usage_date
FROM told
CROSS JOIN UNNEST(day_series(told.first_day, told.last_day)) AS u(d)
