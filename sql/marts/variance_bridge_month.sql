-- Why the bill is not what was rated: a row a cause, which sum to billed − rated for each provider, sku, meter and currency.
SELECT month_text(b.billing_month) AS billing_month, b.provider, b.sku, b.meter, b.currency, b.cause, b.amount, b.billed_amount, b.rated_amount,
       b.billed_quantity, b.quantity_from, b.logged_quantity, b.unit_price, b.price_place, b.used_price, b.used_price_place,
       CAST(b.first_day AS VARCHAR) AS first_day, CAST(b.last_day AS VARCHAR) AS last_day, b.lines, b.first_line, b.last_line,
       CASE b.cause
         WHEN 'agrees' THEN 'billed equals rated'
         WHEN 'credit' THEN 'a credit on the bill'
         WHEN 'tax' THEN 'tax on the bill'
         WHEN 'minimum_commitment' THEN 'the sku map calls it a minimum'
         WHEN 'correction' THEN 'the bill corrects an earlier charge'
         WHEN 'capitalised' THEN 'a register entry bears it over its service months'
         WHEN 'prepaid' THEN 'billed less effective cost: a prepayment, or what it paid for'
         WHEN 'unused_commitment' THEN 'the part of a commitment that nothing used'
         WHEN 'non_token' THEN 'the sku map gives it no meter, or a pool charges its sku'
         WHEN 'unmapped' THEN 'no sku map knows the words of the line'
         WHEN 'not_billed' THEN 'rated, and no bill covers it yet'
         WHEN 'unlogged' THEN 'more was billed than logged, at the price of the book'
         WHEN 'over_logged' THEN 'less was billed than logged, at the price of the book'
         WHEN 'timing' THEN 'one day was billed more and its neighbour less than logged'
         WHEN 'rating' THEN 'logged usage was rated at other prices than that of the start of the day'
         WHEN 'price_version' THEN 'the bill has the price of another date'
         WHEN 'discount' THEN 'the bill has the price of another agreement'
         WHEN 'tier' THEN 'the bill has the price of another tier'
         WHEN 'rounding' THEN 'the provider rounds each line'
         WHEN 'unquantified' THEN 'the bill states no quantity to compare'
         WHEN 'unexplained' THEN CASE WHEN b.unit_price IS NULL AND b.price_place IS NULL THEN 'no price, or none of several, gives what was billed' ELSE 'no price of the book gives what was billed' END
       END AS explanation
FROM reconciliation.bridge_month AS b
CROSS JOIN run.period AS p
WHERE b.billing_month >= p.first_month AND b.billing_month <= p.last_month
