-- Records that do not count: file, row and reason. One whose day is unknown, before the books or after the as-of day stands in the month of that day.
SELECT month_text(d.day) AS billing_month, d.source_id, d.file, d.file_row, d.reason
FROM (SELECT r.source_id, r.file, r."row" AS file_row, r.reason,
             CASE WHEN r.usage_date >= q.start_month AND r.usage_date <= q.as_of THEN r.usage_date ELSE q.as_of END AS day
      FROM staging.rejected_record AS r
      CROSS JOIN run.period AS q) AS d
CROSS JOIN run.period AS p
WHERE d.day >= p.first_month AND d.day < add_months(p.last_month, 1)
