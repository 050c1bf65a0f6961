-- A rule that must take something does, where the rule file stops for it.
SELECT 'rule_matches' AS control, pool_id AS scope, CAST(NULL AS DATE) AS billing_month, CAST(NULL AS VARCHAR) AS currency, CAST(0 AS DECIMAL(38,12)) AS expected,
       CAST(CASE WHEN takes THEN 0 ELSE 1 END AS DECIMAL(38,12)) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM reconciliation.rule_reach
WHERE on_no_match = 'stop'
