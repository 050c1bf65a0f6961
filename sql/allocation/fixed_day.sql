-- Fixed cost by day over its whole life: schedules of what was bought, recurring amounts while they are in force, and disposals on their day.
WITH scheduled AS (
  SELECT m.entry_id, m.currency, CAST(u.d AS DATE) AS usage_date,
         equal_part(m.amount, days_between(m.starts_on, m.ends_on), days_between(m.starts_on, CAST(u.d AS DATE)) + 1) AS amount
  FROM allocation.schedule_month AS m
  CROSS JOIN UNNEST(day_series(m.starts_on, add_days(m.ends_on, -1))) AS u(d)
), disposal AS (
  SELECT entry_id, changed_on, proceeds FROM run.fixed_cost_change WHERE kind = 'disposal'
), recurring AS (
  SELECT f.entry_id, f.currency, f.monthly_amount, f.valid_from, CAST(u.d AS DATE) AS usage_date
  FROM run.fixed_cost AS f
  CROSS JOIN run.period AS p
  CROSS JOIN UNNEST(day_series(f.valid_from, CASE WHEN f.valid_through < p.as_of THEN f.valid_through ELSE p.as_of END)) AS u(d)
  WHERE f.kind = 'recurring'
)
SELECT s.entry_id, 'schedule' AS kind, s.currency, s.usage_date, s.amount
FROM scheduled AS s
LEFT JOIN disposal AS d ON d.entry_id = s.entry_id
WHERE d.changed_on IS NULL OR s.usage_date < d.changed_on
UNION ALL
SELECT s.entry_id, 'disposal', s.currency, d.changed_on, money_sum(s.amount) - d.proceeds
FROM scheduled AS s
JOIN disposal AS d ON d.entry_id = s.entry_id AND s.usage_date >= d.changed_on
GROUP BY s.entry_id, s.currency, d.changed_on, d.proceeds
UNION ALL
SELECT entry_id, 'recurring', currency, usage_date,
       equal_part(monthly_amount, days_between(month_start(usage_date), add_months(month_start(usage_date), 1)),
                  days_between(month_start(usage_date), usage_date) + 1)
FROM recurring
