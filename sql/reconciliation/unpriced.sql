-- No usage without a price reaches a statement unless it is accepted by name.
SELECT 'unpriced' AS control, m.provider || ' ' || m.model || ' ' || m.meter || ' ' || m.service_tier || CASE WHEN m.region = '' THEN '' ELSE ' ' || m.region END AS scope, m.billing_month, CAST(NULL AS VARCHAR) AS currency,
       CAST(0 AS DECIMAL(38,12)) AS expected, CAST(CASE WHEN m.accepted THEN 0 ELSE m.quantity END AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM reconciliation.unpriced_usage AS m
