-- Seconds of each day on which a charge lands: of its own days where it is no longer than the billing period, else of the days of the period.
-- A charge of less than a second lies on the day that it starts.
WITH span AS (
  SELECT l.line_key,
    CASE WHEN seconds_between(l.charge_start, l.charge_end) <= seconds_between(l.billing_period_start, l.billing_period_end)
         THEN l.charge_start ELSE l.billing_period_start END AS starts,
    CASE WHEN seconds_between(l.charge_start, l.charge_end) <= seconds_between(l.billing_period_start, l.billing_period_end)
         THEN l.charge_end ELSE l.billing_period_end END AS ends
  FROM allocation.charge_line AS l
), day AS (
  SELECT s.line_key, s.starts, s.ends, CAST(u.d AS DATE) AS usage_date
  FROM span AS s
  CROSS JOIN UNNEST(day_series(day_of(s.starts), day_of(s.ends))) AS u(d)
)
SELECT line_key AS item_key, CAST(usage_date AS VARCHAR) AS target,
       CAST(CASE WHEN seconds_between(starts, ends) = 0 THEN 1
                 ELSE seconds_between(CASE WHEN starts > CAST(usage_date AS TIMESTAMP(6)) THEN starts ELSE CAST(usage_date AS TIMESTAMP(6)) END,
                                      CASE WHEN ends < CAST(add_days(usage_date, 1) AS TIMESTAMP(6)) THEN ends
                                           ELSE CAST(add_days(usage_date, 1) AS TIMESTAMP(6)) END) END AS DECIMAL(38,12)) AS weight
FROM day
WHERE ends > CAST(usage_date AS TIMESTAMP(6)) OR usage_date = day_of(starts)
