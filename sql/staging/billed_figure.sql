-- Every figure of billed usage with its fate, in one shape.
SELECT * FROM staging.openai_figure
UNION ALL
SELECT * FROM staging.anthropic_figure
