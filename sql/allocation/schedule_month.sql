-- Straight-line schedule by service month: the cost in equal parts, anniversary to anniversary, clamped to the month's end.
-- A change of horizon spreads the carrying amount of the next service month's start over the months that remain; where none remains, the month of the change bears it.
WITH entry AS (
  SELECT f.entry_id, f.currency, f.cost, f.in_service_on, f.horizon_months, h.changed_on, h.horizon_months AS new_horizon
  FROM run.fixed_cost AS f
  LEFT JOIN run.fixed_cost_change AS h ON h.entry_id = f.entry_id AND h.kind = 'horizon'
  WHERE f.kind IN ('owned', 'prepaid')
), original AS (
  SELECT e.entry_id, e.currency, CAST(u.n AS BIGINT) AS month_no, add_months(e.in_service_on, u.n - 1) AS starts_on,
         add_months(e.in_service_on, u.n) AS ends_on, e.changed_on, e.new_horizon, e.in_service_on, e.cost,
         equal_part(e.cost, e.horizon_months, u.n) AS amount
  FROM entry AS e
  CROSS JOIN UNNEST(number_series(1, e.horizon_months)) AS u(n)
), kept AS (
  SELECT entry_id, currency, month_no, starts_on, ends_on, amount FROM original WHERE changed_on IS NULL OR (starts_on < changed_on AND month_no < new_horizon)
), carrying AS (
  SELECT entry_id, currency, in_service_on, new_horizon, cost - money_sum(CASE WHEN starts_on < changed_on AND month_no < new_horizon THEN amount ELSE CAST(0 AS DECIMAL(38,12)) END) AS amount,
         count_sum(CASE WHEN starts_on < changed_on AND month_no < new_horizon THEN 1 ELSE 0 END) AS months_kept
  FROM original
  WHERE changed_on IS NOT NULL
  GROUP BY entry_id, currency, in_service_on, new_horizon, cost
)
SELECT entry_id, currency, month_no, starts_on, ends_on, amount FROM kept
UNION ALL
SELECT c.entry_id, c.currency, CAST(u.n AS BIGINT), add_months(c.in_service_on, u.n - 1), add_months(c.in_service_on, u.n),
       equal_part(c.amount, c.new_horizon - c.months_kept, u.n - c.months_kept)
FROM carrying AS c
CROSS JOIN UNNEST(number_series(c.months_kept + 1, c.new_horizon)) AS u(n)
