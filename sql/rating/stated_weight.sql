-- A stated cost is shared over the meters of its row by what each would have cost.
SELECT CAST(m.usage_no AS VARCHAR) AS item_key, m.meter AS target, m.computed_amount AS weight
FROM rating.priced_meter AS m
JOIN rating.usage_day AS u ON u.usage_no = m.usage_no
WHERE u.stated AND m.computed_amount > 0
