-- The unexplained part of each bill stays within its tolerance, where the pipeline stops for it.
SELECT 'variance' AS control, provider AS scope, billing_month, currency, CAST(0 AS DECIMAL(38,12)) AS expected, open_amount AS actual, tolerance
FROM reconciliation.variance
WHERE on_breach = 'stop'
