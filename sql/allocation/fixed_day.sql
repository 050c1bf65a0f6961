-- Fixed cost by day over its whole life: schedules of what was bought, recurring amounts while they are in force at the rate of each month, and disposals
-- on their day, whose proceeds have the rate of that month.
WITH scheduled AS (
  SELECT m.entry_id, m.currency, CAST(u.d AS DATE) AS usage_date, m.original_currency, m.rate_month, m.exchange_rate,
         equal_part(m.amount, days_between(m.starts_on, m.ends_on), days_between(m.starts_on, CAST(u.d AS DATE)) + 1) AS amount,
         equal_part(m.original_amount, days_between(m.starts_on, m.ends_on), days_between(m.starts_on, CAST(u.d AS DATE)) + 1) AS original_amount
  FROM allocation.schedule_month AS m
  CROSS JOIN UNNEST(day_series(m.starts_on, add_days(m.ends_on, -1))) AS u(d)
), disposal AS (
  SELECT c.entry_id, c.changed_on, c.proceeds, CASE WHEN x.rate IS NULL THEN c.proceeds ELSE converted(c.proceeds, x.rate) END AS booked_proceeds
  FROM run.fixed_cost_change AS c
  CROSS JOIN run.period AS p
  LEFT JOIN run.fixed_cost AS f ON f.entry_id = c.entry_id
  LEFT JOIN run.fx AS x ON x.month = month_start(c.changed_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
  WHERE c.kind = 'disposal'
), recurring AS (
  SELECT f.entry_id, f.currency AS original_currency, f.monthly_amount AS original_amount, CAST(u.d AS DATE) AS usage_date, x.rate,
         CASE WHEN x.rate IS NULL THEN f.currency ELSE x.to_currency END AS currency,
         CASE WHEN x.rate IS NULL THEN f.monthly_amount ELSE converted(f.monthly_amount, x.rate) END AS amount,
         days_between(month_start(CAST(u.d AS DATE)), add_months(month_start(CAST(u.d AS DATE)), 1)) AS days,
         days_between(month_start(CAST(u.d AS DATE)), CAST(u.d AS DATE)) + 1 AS day_no
  FROM run.fixed_cost AS f
  CROSS JOIN run.period AS p
  CROSS JOIN UNNEST(day_series(f.valid_from, CASE WHEN f.valid_through < p.as_of THEN f.valid_through ELSE p.as_of END)) AS u(d)
  LEFT JOIN run.fx AS x ON x.month = month_start(CAST(u.d AS DATE)) AND x.from_currency = f.currency AND x.to_currency = p.currency
  WHERE f.kind = 'recurring'
)
SELECT s.entry_id, 'schedule' AS kind, s.currency, s.usage_date, s.amount, s.original_currency, s.original_amount, s.rate_month, s.exchange_rate
FROM scheduled AS s
LEFT JOIN disposal AS d ON d.entry_id = s.entry_id
WHERE d.changed_on IS NULL OR s.usage_date < d.changed_on
UNION ALL
SELECT s.entry_id, 'disposal', s.currency, d.changed_on, money_sum(s.amount) - d.booked_proceeds, s.original_currency, money_sum(s.original_amount) - d.proceeds,
       s.rate_month, s.exchange_rate
FROM scheduled AS s
JOIN disposal AS d ON d.entry_id = s.entry_id AND s.usage_date >= d.changed_on
GROUP BY s.entry_id, s.currency, d.changed_on, d.proceeds, d.booked_proceeds, s.original_currency, s.rate_month, s.exchange_rate
UNION ALL
SELECT entry_id, 'recurring', currency, usage_date, equal_part(amount, days, day_no), original_currency, equal_part(original_amount, days, day_no),
       month_start(usage_date), rate
FROM recurring
