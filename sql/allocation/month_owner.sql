-- Who answers for a feature on the last day of a month, or on the as-of day where the month goes on after it.
WITH last_day AS (
  SELECT DISTINCT s.billing_month, s.feature_id,
         CASE WHEN p.as_of < add_months(s.billing_month, 1) THEN p.as_of ELSE add_days(add_months(s.billing_month, 1), -1) END AS d
  FROM allocation.statement AS s
  CROSS JOIN run.period AS p
)
SELECT l.billing_month, l.feature_id,
       max(CASE WHEN o.role = 'feature' THEN o.owner END) AS feature_owner,
       max(CASE WHEN o.role = 'platform' THEN o.owner END) AS platform_owner,
       max(CASE WHEN o.role = 'business' THEN o.owner END) AS business_owner
FROM last_day AS l
JOIN run.feature_owner AS o
  ON o.feature_id = l.feature_id AND (o.valid_from IS NULL OR o.valid_from <= l.d) AND (o.valid_to IS NULL OR o.valid_to > l.d)
GROUP BY l.billing_month, l.feature_id
