-- What nobody answered for: features and shared services without an owner on some day of the month.
SELECT month_text(u.billing_month) AS billing_month, u.feature_id, u.kind, u.first_day, u.last_day, u.days, u.place
FROM reconciliation.unowned_feature AS u
CROSS JOIN run.period AS p
WHERE u.billing_month >= p.first_month AND u.billing_month <= p.last_month
