-- How much of the cost, and of the tokens, sits on registered features by evidence, less what no log has.
SELECT month_text(c.billing_month) AS billing_month, c.currency, c.covered_amount, c.unlogged_amount, c.total_amount, c.coverage, c.covered_tokens, c.total_tokens, c.token_coverage
FROM reconciliation.coverage AS c
CROSS JOIN run.period AS p
WHERE c.billing_month >= p.first_month AND c.billing_month <= p.last_month
