-- Every line of every bill with its fate, in one shape.
SELECT * FROM staging.focus_line
UNION ALL
SELECT * FROM staging.cur_line
UNION ALL
SELECT * FROM staging.openai_line
UNION ALL
SELECT * FROM staging.anthropic_line
UNION ALL
SELECT * FROM staging.invoice_line
