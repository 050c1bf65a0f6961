-- The macros of duckdb.sql as Trino (Athena) spells them: the same names, the same parameters. No engine reads this file: a model is
-- rendered by writing each body in place of the call (src/model/trino-render.ts), so a parameter that stands twice is computed twice.
-- Integers are DECIMAL(38,0), where a 39th digit is an error. `/` of such decimals rounds half away from zero, so a floor takes the
-- remainder off first. Precisions of factors with decimals sum to at most 38: beyond that, Trino drops digits from version 479 on.

-- division of integers, b > 0
CREATE MACRO floor_div(a, b) AS (a - mod(a, b)) / b - CASE WHEN mod(a, b) < 0 THEN 1 ELSE 0 END;
-- the quotient is rounded up at a half already: where the floor is even (a is half of b more than a multiple of 2 b), it goes back
CREATE MACRO half_even_div(a, b) AS CAST(a AS DECIMAL(38,0)) / b - CASE WHEN 2 * mod(a, 2 * b) = b THEN 1 ELSE 0 END;

-- decimals as integers of 10^-12 and 10^-6, and back; by 10^12 in two steps of 10^6
CREATE MACRO pico(x) AS
  CAST(CAST(CAST(x AS DECIMAL(26,12)) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(26,6)) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(38,0));
CREATE MACRO from_pico(n) AS CAST(CAST(n AS DECIMAL(26,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12));
CREATE MACRO micro(x) AS CAST(CAST(x AS DECIMAL(26,6)) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(38,0));
CREATE MACRO from_micro(n) AS CAST(CAST(n AS DECIMAL(26,0)) * CAST('0.000001' AS DECIMAL(6,6)) AS DECIMAL(26,6));

-- x / rate and x / y at six decimals, half-even; x >= 0, rate > 0
CREATE MACRO divide_by_rate(x, rate) AS from_micro(half_even_div(micro(x) * 1000000, micro(rate)));
CREATE MACRO ratio(x, y) AS
  CASE WHEN y <> 0 THEN CAST(CASE WHEN (x < 0) = (y < 0) THEN 1 ELSE -1 END * from_micro(half_even_div(pico(abs(x)) * 1000000, pico(abs(y)))) AS DECIMAL(26,6)) END;

-- half-even to the ledger's scale, from anything finer; the second form is given what the cast makes of x, where there are many rows
CREATE MACRO half_even_from(x, rounded) AS
  rounded - CASE WHEN abs(CAST(x AS DECIMAL(38,24)) - CAST(rounded AS DECIMAL(38,24))) = CAST('0.0000000000005' AS DECIMAL(38,24))
                  AND rounded % CAST('0.000000000002' AS DECIMAL(38,12)) <> 0
                 THEN CASE WHEN x > 0 THEN CAST('0.000000000001' AS DECIMAL(38,12)) ELSE CAST('-0.000000000001' AS DECIMAL(38,12)) END
                 ELSE CAST(0 AS DECIMAL(38,12)) END;
CREATE MACRO half_even_12(x) AS half_even_from(x, CAST(x AS DECIMAL(38,12)));

-- sums that refuse a 39th digit; quantities and counts keep their own types
CREATE MACRO money_sum(x) AS sum(CAST(x AS DECIMAL(38,12))) + CAST(0 AS DECIMAL(38,12));
CREATE MACRO money_sum_24(x) AS sum(CAST(x AS DECIMAL(38,24))) + CAST(0 AS DECIMAL(38,24));
CREATE MACRO quantity_sum(x) AS CAST(sum(x) AS DECIMAL(26,6));
CREATE MACRO count_sum(x) AS CAST(sum(x) AS BIGINT);

-- a short text that differs where the lines do, whatever their order; compared with itself, and on one engine, only
CREATE MACRO digest_of(line) AS CAST(count(*) AS VARCHAR) || '-' || lower(to_hex(checksum(line)));

-- money as text: digits only, at most `decimals` decimals once trailing zeros are gone; null is no money.
-- `\z`: a `$` stands before a last line feed too. DuckDB reads no exponent after 10^14 or more, so neither do we
CREATE MACRO money_problem(t, decimals) AS
  CASE WHEN t IS NULL THEN 'missing'
       WHEN NOT regexp_like(t, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,5})?\z') THEN 'not a number'
       WHEN NOT regexp_like(regexp_replace(t, '[eE].*\z', ''), '[1-9]') THEN NULL
       WHEN length(regexp_replace(coalesce(regexp_extract(t, '[.]([0-9]*)', 1), ''), '0+\z', ''))
            - CAST('0' || coalesce(regexp_extract(t, '[eE][+]?([0-9]+)\z', 1), '') AS INTEGER)
            + CAST('0' || coalesce(regexp_extract(t, '[eE]-([0-9]+)\z', 1), '') AS INTEGER) > decimals
       THEN 'more than ' || CAST(decimals AS VARCHAR) || ' decimals'
       WHEN TRY_CAST(regexp_replace(t, '[eE].*\z', '') AS DECIMAL(38,24)) IS NULL OR TRY_CAST(t AS DECIMAL(38,24)) IS NULL
         OR abs(TRY_CAST(t AS DECIMAL(38,24))) >= CAST('10000000000000' AS DECIMAL(38,24)) THEN 'too large'
  END;
CREATE MACRO money_value(t) AS
  CASE WHEN regexp_like(regexp_replace(t, '[eE].*\z', ''), '[1-9]') THEN TRY_CAST(t AS DECIMAL(38,24)) ELSE CAST(0 AS DECIMAL(38,24)) END;

-- a quantity as text, null where it is none: spaces around it and `_` between digits are DuckDB's to read
CREATE MACRO quantity_value(t) AS TRY_CAST(regexp_replace(trim(t), '(?<=[0-9])_(?=[0-9])', '') AS DECIMAL(26,6));

-- the part at `place` (1, 2, …) of an amount shared by equal weights: what apportion gives when keys order as places do
CREATE MACRO equal_part(amount, parts, place) AS
  from_pico(CASE WHEN amount < 0 THEN -1 ELSE 1 END
            * (floor_div(pico(abs(amount)), parts) + CASE WHEN place <= mod(pico(abs(amount)), parts) THEN 1 ELSE 0 END));

-- text
CREATE MACRO matches(t, pattern) AS regexp_like(t, pattern);
CREATE MACRO text_part(t, separator, place) AS CASE WHEN t IS NOT NULL THEN coalesce(split_part(t, separator, place), '') END;
-- nothing of a text that is no JSON object from its first to its last character (DuckDB lets a comma stand before the end);
-- of strings the text, of all else the JSON
CREATE MACRO json_text(document, key) AS
  CASE WHEN NOT starts_with(trim(document), '{') OR TRY(json_parse(regexp_replace(document, ',(\s*[}\]])', '$1'))) IS NULL THEN NULL
       WHEN starts_with(json_format(json_extract(document, '$["' || replace(replace(key, '\', '\\'), '"', '\"') || '"]')), '"')
       THEN json_extract_scalar(document, '$["' || replace(replace(key, '\', '\\'), '"', '\"') || '"]')
       ELSE nullif(json_format(json_extract(document, '$["' || replace(replace(key, '\', '\\'), '"', '\"') || '"]')), 'null') END;

-- time; every timestamp is UTC without a zone. What a cast reads is spelled otherwise here: a space for T, six decimals at most, no 24:00
CREATE MACRO utc_timestamp(t) AS
  CAST(TRY_CAST(regexp_replace(
         regexp_replace(t, '^( *[0-9/-]+)[T ]24:00(:00)?([.]0*)?(?=[^0-9:.]|\z)', '$1 00:00'),
         '^(?: *([0-9]{4,6})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[T ]([0-9]{1,2}:[0-9]{1,2})(?:(:[0-9]{1,2})(?:([.][0-9]{1,6})[0-9]*|[.])?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?| UTC| GMT)?)?|[\s\S]*)\z',
         '$1-$2-$3 $4$5$6 $7') AS TIMESTAMP(6) WITH TIME ZONE) AT TIME ZONE 'UTC' AS TIMESTAMP(6))
  + CASE WHEN regexp_like(t, '^ *[0-9/-]+[T ]24:00') THEN INTERVAL '1' DAY ELSE INTERVAL '0' DAY END;
CREATE MACRO utc_from_seconds(t) AS
  CAST(from_unixtime(CASE WHEN TRY_CAST(trim(t) AS DECIMAL(38,0)) BETWEEN 0 AND 99999999999 THEN CAST(TRY_CAST(trim(t) AS DECIMAL(38,0)) AS BIGINT) END)
       AT TIME ZONE 'UTC' AS TIMESTAMP(6));
CREATE MACRO day_of(ts) AS CAST(ts AS DATE);
CREATE MACRO minute_of_day(ts) AS CAST(hour(ts) * 60 + minute(ts) AS BIGINT);
CREATE MACRO month_start(d) AS CAST(date_trunc('month', d) AS DATE);
CREATE MACRO add_months(d, n) AS date_add('month', n, CAST(d AS DATE));
CREATE MACRO add_days(d, n) AS date_add('day', n, CAST(d AS DATE));
CREATE MACRO days_between(a, b) AS date_diff('day', CAST(a AS DATE), CAST(b AS DATE));
-- whole seconds on the clock, as DuckDB counts them, not those that passed
CREATE MACRO seconds_between(a, b) AS
  date_diff('second', date_trunc('second', CAST(a AS TIMESTAMP(6))), date_trunc('second', CAST(b AS TIMESTAMP(6))));
CREATE MACRO month_text(d) AS substr(CAST(CAST(d AS DATE) AS VARCHAR), 1, 7);
-- The month whose charges a month's driver weighs at a grain: its own, or the one after it where the grain is of the previous month.
CREATE MACRO served_month(grain, month) AS
  CASE WHEN strpos(grain, 'previous_month') > 0 THEN add_months(month, 1) ELSE month END;
-- the key of a row at a grain such as day+sku+meter: only the named parts tell rows apart
CREATE MACRO grain_key(grain, usage_date, month, provider, account_id, invoice_id, service, sku, meter) AS
  CASE WHEN strpos(grain, 'day') > 0 THEN coalesce(CAST(usage_date AS VARCHAR), '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'month') > 0 THEN coalesce(CAST(month AS VARCHAR), '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'provider') > 0 THEN coalesce(provider, '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'account') > 0 THEN coalesce(account_id, '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'invoice') > 0 THEN coalesce(invoice_id, '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'service') > 0 THEN coalesce(service, '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'sku') > 0 THEN coalesce(sku, '') ELSE '' END || '|' ||
  CASE WHEN strpos(grain, 'meter') > 0 THEN coalesce(meter, '') ELSE '' END;
-- lists for UNNEST: every day from a to b, every whole number from a to b, both included. `sequence` has at most 10,000 entries
-- (27 years of days) and refuses more; backwards it would count down, where the list is empty
CREATE MACRO day_series(a, b) AS
  CASE WHEN CAST(a AS DATE) <= CAST(b AS DATE) THEN sequence(CAST(a AS DATE), CAST(b AS DATE), INTERVAL '1' DAY) ELSE CAST(ARRAY[] AS ARRAY(DATE)) END;
CREATE MACRO number_series(a, b) AS
  CASE WHEN a <= b THEN sequence(CAST(a AS BIGINT), CAST(b AS BIGINT)) ELSE CAST(ARRAY[] AS ARRAY(BIGINT)) END;

-- The one division of money, as in duckdb.sql: (item_key, target, part). Weights or items of a text are the names of tables.
CREATE MACRO apportion(items, weights) AS TABLE
WITH item AS (
  SELECT item_key, amount < 0 AS negative, pico(abs(amount)) AS units
  FROM query_table(items) WHERE amount <> 0
), weighed AS (
  SELECT item_key, target, pico(weight) AS w FROM query_table(weights) WHERE weight > 0
), total AS (
  SELECT item_key, sum(w) AS t FROM weighed GROUP BY item_key
), product AS (
  SELECT item.item_key, weighed.target, item.negative, item.units, total.t,
         floor_div(item.units, 1000000000000) * weighed.w AS whole_product, mod(item.units, 1000000000000) * weighed.w AS fraction_product
  FROM item JOIN weighed ON weighed.item_key = item.item_key JOIN total ON total.item_key = item.item_key
), divided AS (
  SELECT item_key, target, negative, units,
         floor_div(whole_product, t) * 1000000000000 + floor_div(mod(whole_product, t) * 1000000000000 + fraction_product, t) AS q,
         mod(mod(whole_product, t) * 1000000000000 + fraction_product, t) AS remainder
  FROM product
), ranked AS (
  SELECT item_key, target, negative, q,
         row_number() OVER (PARTITION BY item_key ORDER BY remainder DESC, target) AS place,
         units - sum(q) OVER (PARTITION BY item_key) AS lack
  FROM divided
), shared AS (
  SELECT item_key, target, negative, q + CASE WHEN place <= lack THEN 1 ELSE 0 END AS n FROM ranked
)
SELECT item_key, target, from_pico(CASE WHEN negative THEN -n ELSE n END) AS part FROM shared WHERE n <> 0
UNION ALL
SELECT item.item_key, NULL, from_pico(CASE WHEN negative THEN -units ELSE units END)
FROM item LEFT JOIN total ON total.item_key = item.item_key WHERE total.item_key IS NULL;

-- Rounds statement rows to minor units, as in duckdb.sql: (statement_key, row_key, statement_amount).
CREATE MACRO statement_rounding(statement_rows) AS TABLE
WITH scaled AS (
  SELECT statement_key, row_key, minor_exponent, pico(amount) AS units,
         CAST(power(10, 12 - minor_exponent) AS DECIMAL(38,0)) AS unit
  FROM query_table(statement_rows)
), floored AS (
  SELECT statement_key, row_key, minor_exponent, unit, units, floor_div(units, unit) AS n FROM scaled
), ranked AS (
  SELECT statement_key, row_key, minor_exponent, n,
         row_number() OVER (PARTITION BY statement_key ORDER BY units - n * unit DESC, row_key) AS place,
         sum(n) OVER (PARTITION BY statement_key) AS floored_total,
         sum(units) OVER (PARTITION BY statement_key) AS total, unit
  FROM floored
), counted AS (
  SELECT statement_key, row_key, minor_exponent, n, place,
         CASE WHEN total >= 0 THEN half_even_div(total, unit) ELSE -half_even_div(-total, unit) END - floored_total AS lack
  FROM ranked
)
SELECT statement_key, row_key,
       CAST(CAST(n + CASE WHEN place <= lack THEN 1 ELSE 0 END AS DECIMAL(26,0))
            * CASE minor_exponent WHEN 0 THEN CAST(1 AS DECIMAL(12,4)) WHEN 2 THEN CAST('0.01' AS DECIMAL(12,4))
                                  WHEN 3 THEN CAST('0.001' AS DECIMAL(12,4)) WHEN 4 THEN CAST('0.0001' AS DECIMAL(12,4)) END AS DECIMAL(38,4)) AS statement_amount
FROM counted;

-- quantity × price at the ledger's scale, of quantities of up to 18 whole digits: whole units and their fraction apart, so that each product has 38 digits
CREATE MACRO priced(quantity, unit_price) AS
  half_even_12(CAST(CAST(quantity AS DECIMAL(18,0)) * unit_price AS DECIMAL(38,24))
               + CAST(CAST(CAST(quantity AS DECIMAL(26,6)) - CAST(quantity AS DECIMAL(18,0)) AS DECIMAL(6,6)) * unit_price AS DECIMAL(38,24)));

-- an amount in another currency at the month's rate, rounded once: whole units and their fraction apart, so that each product has 38 digits
CREATE MACRO converted(amount, rate) AS
  half_even_12(CAST(CAST(amount AS DECIMAL(18,0)) * CAST(rate AS DECIMAL(20,12)) AS DECIMAL(38,24))
               + CAST(CAST(CAST(amount AS DECIMAL(38,12)) - CAST(amount AS DECIMAL(18,0)) AS DECIMAL(12,12)) * CAST(rate AS DECIMAL(20,12)) AS DECIMAL(38,24)));

-- What is left on the last day of days that follow each other, once each day's difference met the opposite one of the day before:
-- differences in order of days, DECIMAL(26,6). And what of two amounts cancels, at the sign of the first.
CREATE MACRO left_over(differences) AS
  reduce(differences, CAST(0 AS DECIMAL(26,6)),
         (a, x) -> CAST(CASE WHEN (a >= 0 AND x >= 0) OR (a <= 0 AND x <= 0) THEN x WHEN abs(a) >= abs(x) THEN 0 ELSE a + x END AS DECIMAL(26,6)), a -> a);
CREATE MACRO cancelled(a, x) AS
  CASE WHEN a IS NULL OR x IS NULL OR (a >= 0 AND x >= 0) OR (a <= 0 AND x <= 0) THEN 0 WHEN abs(a) >= abs(x) THEN -x ELSE a END;
-- How many decimals an amount needs, and half a unit of the last of them, of 0 to 12 decimals.
CREATE MACRO decimals_of(amount) AS
  CAST(length(regexp_replace(split_part(CAST(CAST(amount AS DECIMAL(38,12)) AS VARCHAR), '.', 2), '0+\z', '')) AS BIGINT);
CREATE MACRO half_unit(decimals) AS CAST('0.' || substr('000000000000', 1, CAST(decimals AS INTEGER)) || '5' AS DECIMAL(38,13));
