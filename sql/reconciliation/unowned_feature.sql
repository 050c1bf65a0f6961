-- Features and shared services for which nobody answered on some day of a month, whatever the role.
WITH feature_day AS (
  SELECT f.feature_id, f.kind, f.place, CAST(u.d AS DATE) AS d
  FROM run.feature AS f
  CROSS JOIN run.period AS p
  CROSS JOIN UNNEST(day_series(p.start_month, p.as_of)) AS u(d)
)
SELECT month_start(f.d) AS billing_month, f.feature_id, f.kind, f.place, min(f.d) AS first_day, max(f.d) AS last_day, count(*) AS days
FROM feature_day AS f
LEFT JOIN run.feature_owner AS o
  ON o.feature_id = f.feature_id AND (o.valid_from IS NULL OR o.valid_from <= f.d) AND (o.valid_to IS NULL OR o.valid_to > f.d)
WHERE o.feature_id IS NULL
GROUP BY month_start(f.d), f.feature_id, f.kind, f.place
