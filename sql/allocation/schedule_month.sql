-- Straight-line schedule by service month, in the reporting currency at the rate of the month that service began in, as books keep what was bought: the cost in equal parts, anniversary to anniversary, clamped to the month's end.
-- A change of horizon spreads the carrying amount of the next service month's start over the months that remain; where none remains, the month of the change bears it.
WITH entry AS (
  SELECT f.entry_id, CASE WHEN x.rate IS NULL THEN f.currency ELSE x.to_currency END AS currency,
         CASE WHEN x.rate IS NULL THEN f.cost ELSE converted(f.cost, x.rate) END AS cost, f.currency AS own_currency, f.cost AS own_cost,
         month_start(f.in_service_on) AS rate_month, x.rate, f.in_service_on, f.horizon_months, h.changed_on, h.horizon_months AS new_horizon
  FROM run.fixed_cost AS f
  CROSS JOIN run.period AS p
  LEFT JOIN run.fx AS x ON x.month = month_start(f.in_service_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
  LEFT JOIN run.fixed_cost_change AS h ON h.entry_id = f.entry_id AND h.kind = 'horizon'
  WHERE f.kind IN ('owned', 'prepaid')
), original AS (
  SELECT e.entry_id, CAST(u.n AS BIGINT) AS month_no, add_months(e.in_service_on, u.n - 1) AS starts_on,
         add_months(e.in_service_on, u.n) AS ends_on, e.changed_on, e.new_horizon,
         equal_part(e.cost, e.horizon_months, u.n) AS amount, equal_part(e.own_cost, e.horizon_months, u.n) AS own_amount
  FROM entry AS e
  CROSS JOIN UNNEST(number_series(1, e.horizon_months)) AS u(n)
), kept AS (
  SELECT entry_id, month_no, starts_on, ends_on, amount, own_amount FROM original WHERE changed_on IS NULL OR (starts_on < changed_on AND month_no < new_horizon)
), borne AS (
  SELECT entry_id, money_sum(CASE WHEN starts_on < changed_on AND month_no < new_horizon THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS amount,
         money_sum(CASE WHEN starts_on < changed_on AND month_no < new_horizon THEN own_amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS own_amount,
         count_sum(CASE WHEN starts_on < changed_on AND month_no < new_horizon THEN 1 ELSE 0 END) AS months_kept
  FROM original
  WHERE changed_on IS NOT NULL
  GROUP BY entry_id
), carrying AS (
  SELECT e.entry_id, e.in_service_on, e.new_horizon, e.cost - b.amount AS amount, e.own_cost - b.own_amount AS own_amount, b.months_kept
  FROM entry AS e
  JOIN borne AS b ON b.entry_id = e.entry_id
), month AS (
  SELECT entry_id, month_no, starts_on, ends_on, amount, own_amount FROM kept
  UNION ALL
  SELECT c.entry_id, CAST(u.n AS BIGINT), add_months(c.in_service_on, u.n - 1), add_months(c.in_service_on, u.n),
         equal_part(c.amount, c.new_horizon - c.months_kept, u.n - c.months_kept), equal_part(c.own_amount, c.new_horizon - c.months_kept, u.n - c.months_kept)
  FROM carrying AS c
  CROSS JOIN UNNEST(number_series(c.months_kept + 1, c.new_horizon)) AS u(n)
)
SELECT m.entry_id, e.currency, m.month_no, m.starts_on, m.ends_on, m.amount, e.own_currency AS original_currency, m.own_amount AS original_amount,
       e.rate_month, e.rate AS exchange_rate
FROM month AS m
JOIN entry AS e ON e.entry_id = m.entry_id
