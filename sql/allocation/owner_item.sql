-- Each row of the statement once a role, in parts by who held the role on the day of the cost.
SELECT s.statement_key, s.row_key, r.role, coalesce(o.owner, '(nobody)') AS owner, s.billing_month, s.currency, s.feature_id, s.basis, s.finality,
       m.minor_exponent, s.statement_amount AS row_statement_amount, money_sum(d.amount) AS amount
FROM allocation.feature_day AS d
JOIN allocation.statement AS s
  ON s.billing_month = d.billing_month AND s.currency = d.currency AND s.feature_id = d.feature_id AND s.category = d.category
 AND s.original_month = d.original_month AND s.entry = d.entry AND s.basis = d.basis AND s.method_id = d.method_id AND s.finality = d.finality
JOIN run.currency AS m ON m.currency = s.currency
CROSS JOIN (VALUES ('feature'), ('platform'), ('business')) AS r(role)
LEFT JOIN run.feature_owner AS o
  ON o.feature_id = d.feature_id AND o.role = r.role
 AND (o.valid_from IS NULL OR o.valid_from <= d.usage_date) AND (o.valid_to IS NULL OR o.valid_to > d.usage_date)
GROUP BY s.statement_key, s.row_key, r.role, coalesce(o.owner, '(nobody)'), s.billing_month, s.currency, s.feature_id, s.basis, s.finality,
         m.minor_exponent, s.statement_amount
