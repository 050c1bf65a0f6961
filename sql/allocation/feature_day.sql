-- What each feature bears on each day, whichever customer, rule, account and invoice it is of: what the statement, owners and teams are summed of.
SELECT billing_month, original_month, entry, usage_date, provider, service, sku, meter, category, currency, basis, finality, method_id, feature_id,
       money_sum(amount) AS amount
FROM allocation.cost
GROUP BY billing_month, original_month, entry, usage_date, provider, service, sku, meter, category, currency, basis, finality, method_id, feature_id
