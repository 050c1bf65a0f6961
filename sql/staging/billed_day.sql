-- Days of which a bill tells. A returned bucket is evidence even where it is empty; an absent one is none. Costs of a declared API
-- tell of the days of their lines, and of those that were asked for. An export tells of each billing account
-- through the last day of its usage lines of a day or less: a line of a month that is written on its first day does not say how far the bill reaches.
WITH bucket AS (
  SELECT DISTINCT source_id, CAST(NULL AS VARCHAR) AS account_id, day_of(charge_start) AS first_day, day_of(charge_start) AS last_day
  FROM staging.bill_line
  WHERE fate IN ('loaded', 'empty') AND source_id IN (SELECT source_id FROM run.source WHERE kind IN ('openai-costs', 'anthropic-costs'))
  UNION ALL
  SELECT DISTINCT l.source_id, CAST(NULL AS VARCHAR), day_of(l.charge_start), add_days(day_of(l.charge_end), -1)
  FROM staging.bill_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id AND s.kind = 'json-costs'
  WHERE l.fate IN ('loaded', 'empty')
), reach AS (
  SELECT l.source_id, CASE WHEN s.kind IN ('focus', 'aws-cur') THEN l.account_id END AS account_id, l.billing_period_start, l.billing_period_end, s.kind, l.charge_start, l.charge_end,
         add_days(day_of(l.charge_end), CASE WHEN l.charge_end = CAST(day_of(l.charge_end) AS TIMESTAMP(6)) THEN -1 ELSE 0 END) AS reached
  FROM staging.bill_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
  WHERE l.fate = 'loaded' AND s.kind IN ('focus', 'aws-cur', 'invoice-csv') AND (s.kind = 'invoice-csv' OR l.category = 'Usage')
), period AS (
  SELECT source_id, account_id, day_of(billing_period_start) AS first_day, add_days(day_of(max(billing_period_end)), -1) AS period_last,
         CASE WHEN kind IN ('focus', 'aws-cur') THEN coalesce(max(CASE WHEN seconds_between(charge_start, charge_end) <= 86400 THEN reached END), max(reached))
              ELSE add_days(day_of(max(billing_period_end)), -1) END AS reached
  FROM reach
  GROUP BY source_id, account_id, billing_period_start, kind
), told AS (
  SELECT source_id, account_id, first_day, last_day FROM bucket
  UNION ALL
  SELECT source_id, account_id, first_day, CASE WHEN reached < period_last THEN reached ELSE period_last END FROM period
)
SELECT DISTINCT told.source_id, told.account_id, CAST(u.d AS DATE) AS usage_date
FROM told
CROSS JOIN UNNEST(day_series(told.first_day, told.last_day)) AS u(d)
