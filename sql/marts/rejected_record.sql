-- Records that do not count: file, row and reason. One whose day is unknown or outside the published months stands in the last of them.
SELECT month_text(CASE WHEN r.usage_date >= p.first_month AND r.usage_date < add_months(p.last_month, 1) THEN r.usage_date ELSE p.last_month END) AS billing_month,
       r.source_id, r.file, r."row" AS file_row, r.reason
FROM staging.rejected_record AS r
CROSS JOIN run.period AS p
