-- Usage without a price, by month and sku, and whether somebody accepts that for now.
SELECT month_start(u.usage_date) AS billing_month, u.provider, u.model, u.service_tier, u.region, u.meter, quantity_sum(u.quantity) AS quantity,
       count_sum(u.events) AS events, a.sku IS NOT NULL AS accepted, a.reason, a.expires_on
FROM rating.rated_usage AS u
CROSS JOIN run.period AS p
LEFT JOIN run.accept_unpriced AS a ON a.provider = u.provider AND a.sku = u.model AND a.expires_on >= p.as_of
WHERE u.price_state = 'unpriced' AND u.usage_date >= p.start_month
GROUP BY month_start(u.usage_date), u.provider, u.model, u.service_tier, u.region, u.meter, a.sku, a.reason, a.expires_on
