-- Usage that has no price: its amount is unknown, never zero.
SELECT month_text(u.billing_month) AS billing_month, u.provider, u.model, u.service_tier, u.region, u.meter, u.quantity, u.events,
       CAST(NULL AS DECIMAL(38,12)) AS amount, u.accepted, u.reason, u.expires_on
FROM reconciliation.unpriced_usage AS u
CROSS JOIN run.period AS p
WHERE u.billing_month >= p.first_month AND u.billing_month <= p.last_month
