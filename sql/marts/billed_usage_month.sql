-- What providers say was used beside what call-sites logged.
SELECT month_text(b.billing_month) AS billing_month, b.provider, b.sku, b.meter, b.billed_quantity, b.logged_quantity,
       CAST(b.billed_quantity - b.logged_quantity AS DECIMAL(26,6)) AS difference,
       CASE WHEN b.meter LIKE '(%' THEN 'no_meter' WHEN NOT b.is_told THEN 'not_told' WHEN b.logged_quantity IS NULL THEN 'not_counted'
            WHEN b.billed_quantity > b.logged_quantity THEN 'unlogged' WHEN b.billed_quantity < b.logged_quantity THEN 'over_logged' ELSE 'agrees' END AS finding
FROM reconciliation.billed_usage AS b
CROSS JOIN run.period AS p
WHERE b.billing_month >= p.first_month AND b.billing_month <= p.last_month
