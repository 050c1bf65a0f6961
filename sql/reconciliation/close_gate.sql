-- What a month is looked at for before it is closed, one row a gate and scope: the bill is there and final, nothing is without a price,
-- and coverage and unallocated cost are within the limits of the pipeline.
WITH bill AS (
  SELECT w.billing_month, s.source_id, s.provider, count(c.line_key) AS lines,
         count_sum(CASE WHEN c.finality = 'provisional' THEN 1 ELSE 0 END) AS provisional
  FROM run.watched_month AS w
  JOIN run.source AS s ON s.role = 'money'
  LEFT JOIN allocation.charge_line AS c ON c.source_id = s.source_id AND c.billing_month = w.billing_month
  GROUP BY w.billing_month, s.source_id, s.provider
), attested AS (
  SELECT DISTINCT provider, billing_month FROM run.invoice
), unallocated AS (
  SELECT c.billing_month, c.currency, ratio(money_sum(CASE WHEN c.feature_id = '(unallocated)' THEN abs(c.amount) ELSE CAST(0 AS DECIMAL(38,12)) END), money_sum(abs(c.amount))) AS share
  FROM allocation.cost AS c
  JOIN run.watched_month AS w ON w.billing_month = c.billing_month
  GROUP BY c.billing_month, c.currency
)
SELECT b.billing_month, 'bill-missing' AS gate, b.source_id AS scope, '' AS currency, CAST(1 AS DECIMAL(38,12)) AS wanted, CAST(b.lines AS DECIMAL(38,12)) AS actual,
       b.lines = 0 AND a.provider IS NULL AS is_open
FROM bill AS b
LEFT JOIN attested AS a ON a.provider = b.provider AND a.billing_month = b.billing_month
UNION ALL
SELECT billing_month, 'bill-provisional', source_id, '', CAST(0 AS DECIMAL(38,12)), CAST(provisional AS DECIMAL(38,12)), provisional > 0 FROM bill
UNION ALL
SELECT u.billing_month, 'unpriced', u.provider || ' ' || u.model || ' ' || u.meter || ' ' || u.service_tier || CASE WHEN u.region = '' THEN '' ELSE ' ' || u.region END, '',
       CAST(0 AS DECIMAL(38,12)), CAST(u.quantity AS DECIMAL(38,12)), true
FROM reconciliation.unpriced_usage AS u
JOIN run.watched_month AS w ON w.billing_month = u.billing_month
UNION ALL
SELECT c.billing_month, 'coverage', '', c.currency, CAST(l.coverage AS DECIMAL(38,12)), CAST(c.coverage AS DECIMAL(38,12)), c.coverage < l.coverage
FROM reconciliation.coverage AS c
JOIN run.watched_month AS w ON w.billing_month = c.billing_month
JOIN run.close_limit AS l ON l.coverage IS NOT NULL AND c.coverage IS NOT NULL
UNION ALL
SELECT u.billing_month, 'unallocated', '', u.currency, CAST(l.unallocated AS DECIMAL(38,12)), CAST(u.share AS DECIMAL(38,12)), u.share > l.unallocated
FROM unallocated AS u
JOIN run.close_limit AS l ON l.unallocated IS NOT NULL AND u.share IS NOT NULL
UNION ALL
SELECT w.billing_month, 'days-to-come', c.source_id, '', CAST(0 AS DECIMAL(38,12)), CAST(count(*) AS DECIMAL(38,12)), true
FROM run.watched_month AS w
CROSS JOIN run.period AS p
JOIN allocation.charge_line AS c ON c.billing_month = w.billing_month AND day_of(c.charge_end) > add_days(p.as_of, 1)
GROUP BY w.billing_month, c.source_id
