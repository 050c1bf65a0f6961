-- Costs that the records state themselves, weighted by the sample rate, to be shared over their meters.
SELECT CAST(usage_no AS VARCHAR) AS item_key,
       CASE WHEN sample_rate = 1 THEN stated_cost
            ELSE from_pico(CASE WHEN stated_cost >= 0 THEN half_even_div(pico(stated_cost) * 1000000, micro(sample_rate))
                                ELSE -half_even_div(pico(-stated_cost) * 1000000, micro(sample_rate)) END) END AS amount
FROM rating.usage_day
WHERE stated
