-- The bridge by month: what was billed and rated of each key, and the causes between them. A key without a difference agrees.
WITH side AS (
  SELECT billing_month, provider, sku, meter, currency, billed_amount, CAST(0 AS DECIMAL(38,12)) AS rated_amount FROM reconciliation.bridge_charge
  UNION ALL
  SELECT billing_month, provider, sku, meter, currency, CAST(0 AS DECIMAL(38,12)), rated_amount FROM reconciliation.bridge_usage
), total AS (
  SELECT billing_month, provider, sku, meter, currency, money_sum(billed_amount) AS billed_amount, money_sum(rated_amount) AS rated_amount
  FROM side
  GROUP BY billing_month, provider, sku, meter, currency
), cause AS (
  SELECT billing_month, provider, sku, meter, currency, cause, money_sum(amount) AS amount, count(*) AS parts,
         CASE WHEN count(billed_quantity) = count(*) THEN quantity_sum(billed_quantity) END AS billed_quantity,
         CASE WHEN max(quantity_from) = min(quantity_from) THEN min(quantity_from) WHEN count(quantity_from) > 0 THEN 'both' END AS quantity_from, quantity_sum(logged_quantity) AS logged_quantity,
         CASE WHEN min(price_no) = max(price_no) THEN min(price_no) END AS price_no,
         CASE WHEN min(used_price_no) = max(used_price_no) THEN min(used_price_no) END AS used_price_no,
         min(compare_day) AS first_day, max(compare_day) AS last_day, count_sum(lines) AS lines, min(first_line) AS first_line, max(last_line) AS last_line
  FROM reconciliation.bridge_part
  GROUP BY billing_month, provider, sku, meter, currency, cause
)
SELECT t.billing_month, t.provider, t.sku, t.meter, t.currency, coalesce(c.cause, 'agrees') AS cause, coalesce(c.amount, CAST(0 AS DECIMAL(38,12))) AS amount,
       t.billed_amount, t.rated_amount, c.billed_quantity, c.quantity_from, c.logged_quantity, p.unit_price, p.place AS price_place, u.unit_price AS used_price,
       u.place AS used_price_place, c.first_day, c.last_day, coalesce(c.lines, 0) AS lines, c.first_line, c.last_line
FROM total AS t
LEFT JOIN cause AS c ON c.billing_month = t.billing_month AND c.provider = t.provider AND c.sku = t.sku AND c.meter = t.meter AND c.currency = t.currency
LEFT JOIN run.price AS p ON p.price_no = c.price_no
LEFT JOIN run.price AS u ON u.price_no = c.used_price_no
