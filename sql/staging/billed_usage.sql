-- What providers say was used, by day and meter. Figures that no meter of ours counts stand under their own name in parentheses.
SELECT source_id, provider, account_id, usage_date, coalesce(model, '') AS model, coalesce(service_tier, '(not told)') AS service_tier, meter,
       quantity_sum(quantity) AS quantity
FROM staging.billed_figure
WHERE fate = 'loaded'
GROUP BY source_id, provider, account_id, usage_date, coalesce(model, ''), coalesce(service_tier, '(not told)'), meter
