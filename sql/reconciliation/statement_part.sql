-- The terms of the identity, one row each: how bills, schedules and estimates make up the month.
SELECT billing_month, currency, 'billed' AS part, money_sum(billed_amount) AS amount FROM allocation.charge_line GROUP BY billing_month, currency
UNION ALL
SELECT billing_month, currency, 'prepaid movement', money_sum(amount - billed_amount) FROM allocation.charge_line GROUP BY billing_month, currency
UNION ALL
SELECT billing_month, currency, 'capitalised', money_sum(-amount) FROM allocation.capitalised_charge GROUP BY billing_month, currency
UNION ALL
SELECT month_start(d.usage_date), d.currency, CASE d.kind WHEN 'recurring' THEN 'recurring register' ELSE 'schedules' END, money_sum(d.amount)
FROM allocation.fixed_day AS d
CROSS JOIN run.period AS p
WHERE d.usage_date >= p.start_month AND d.usage_date <= p.as_of
GROUP BY month_start(d.usage_date), d.currency, CASE d.kind WHEN 'recurring' THEN 'recurring register' ELSE 'schedules' END
UNION ALL
SELECT billing_month, currency, 'rated, not billed', money_sum(amount) FROM allocation.estimated_month GROUP BY billing_month, currency
UNION ALL
SELECT billing_month, currency, 'adjustments', money_sum(amount) FROM allocation.adjustment GROUP BY billing_month, currency
