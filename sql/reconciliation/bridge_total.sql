-- Nothing falls off the bridge: its causes sum to billed − rated of each provider and month, and it holds all that is rated, by the month of the usage.
WITH side AS (
  SELECT billing_month, provider, currency, billed_amount AS amount FROM allocation.charge_line
  UNION ALL
  SELECT billing_month, provider, currency, -rated_amount FROM reconciliation.bridge_usage
), expected AS (
  SELECT billing_month, provider, currency, money_sum(amount) AS amount FROM side GROUP BY billing_month, provider, currency
), told AS (
  SELECT billing_month, provider, currency, money_sum(amount) AS amount FROM reconciliation.bridge_part GROUP BY billing_month, provider, currency
), rated AS (
  SELECT month_start(u.usage_date) AS billing_month, u.provider, u.currency, money_sum(u.rated_amount) AS amount
  FROM rating.rated_usage AS u
  CROSS JOIN run.period AS p
  WHERE u.usage_date >= p.start_month
  GROUP BY month_start(u.usage_date), u.provider, u.currency
), held AS (
  SELECT month_start(usage_date) AS billing_month, provider, currency, money_sum(rated_amount) AS amount
  FROM reconciliation.bridge_usage
  GROUP BY month_start(usage_date), provider, currency
)
SELECT 'variance_bridge' AS control, e.provider AS scope, e.billing_month, e.currency, e.amount AS expected,
       coalesce(t.amount, CAST(0 AS DECIMAL(38,12))) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM expected AS e
LEFT JOIN told AS t ON t.billing_month = e.billing_month AND t.provider = e.provider AND t.currency = e.currency
UNION ALL
SELECT 'variance_bridge_rated', r.provider, r.billing_month, r.currency, coalesce(r.amount, CAST(0 AS DECIMAL(38,12))), coalesce(h.amount, CAST(0 AS DECIMAL(38,12))), CAST(0 AS DECIMAL(38,12))
FROM rated AS r
LEFT JOIN held AS h ON h.billing_month = r.billing_month AND h.provider = r.provider AND h.currency = r.currency
