-- What engines spell differently, and the arithmetic of money. The same names exist in trino.sql.
-- Integers below are HUGEINT; the macros of division take integers only, so nothing exact ever meets a DOUBLE.

-- division of integers, b > 0
CREATE OR REPLACE MACRO floor_div(a, b) AS
  CASE WHEN a >= 0 OR a % b = 0 THEN a // b ELSE a // b - 1 END;
CREATE OR REPLACE MACRO half_even_div(a, b) AS
  a // b + CASE WHEN 2 * (a % b) > b OR (2 * (a % b) = b AND (a // b) % 2 = 1) THEN 1 ELSE 0 END;

-- decimals as integers of 10^-12 and 10^-6, and back. The digits without their point are that integer: to multiply would end in a division of
-- 128 bits, which takes ten times as long. Up to 18 digits are one machine word; an amount of 10^14 is refused.
CREATE OR REPLACE MACRO pico(x) AS
  CASE WHEN x BETWEEN -999999 AND 999999 THEN CAST(CAST(replace(CAST(CAST(x AS DECIMAL(18,12)) AS VARCHAR), '.', '') AS BIGINT) AS HUGEINT)
       ELSE CAST(replace(CAST(CAST(x AS DECIMAL(26,12)) AS VARCHAR), '.', '') AS HUGEINT) END;
CREATE OR REPLACE MACRO from_pico(n) AS CAST(CAST(n AS DECIMAL(26,0)) * CAST('0.000000000001' AS DECIMAL(12,12)) AS DECIMAL(38,12));
CREATE OR REPLACE MACRO micro(x) AS
  CASE WHEN x BETWEEN -999999999999 AND 999999999999 THEN CAST(CAST(replace(CAST(CAST(x AS DECIMAL(18,6)) AS VARCHAR), '.', '') AS BIGINT) AS HUGEINT)
       ELSE CAST(replace(CAST(CAST(x AS DECIMAL(26,6)) AS VARCHAR), '.', '') AS HUGEINT) END;
CREATE OR REPLACE MACRO from_micro(n) AS CAST(CAST(n AS DECIMAL(26,0)) * CAST('0.000001' AS DECIMAL(6,6)) AS DECIMAL(26,6));

-- x / rate and x / y at six decimals, half-even; x >= 0, rate > 0
CREATE OR REPLACE MACRO divide_by_rate(x, rate) AS from_micro(half_even_div(micro(x) * 1000000, micro(rate)));
CREATE OR REPLACE MACRO ratio(x, y) AS
  CASE WHEN y = 0 OR y IS NULL OR x IS NULL THEN NULL
       WHEN (x < 0) = (y < 0) THEN from_micro(half_even_div(pico(abs(x)) * 1000000, pico(abs(y))))
       ELSE -from_micro(half_even_div(pico(abs(x)) * 1000000, pico(abs(y)))) END;

-- half-even to the ledger's scale, from anything finer; the second form is given what the cast makes of x, where there are many rows
CREATE OR REPLACE MACRO half_even_from(x, rounded) AS
  CASE WHEN abs(CAST(x AS DECIMAL(38,24)) - CAST(rounded AS DECIMAL(38,24))) = CAST('0.0000000000005' AS DECIMAL(38,24))
        AND rounded % CAST('0.000000000002' AS DECIMAL(38,12)) <> 0
       THEN rounded - CASE WHEN x > 0 THEN CAST('0.000000000001' AS DECIMAL(38,12)) ELSE CAST('-0.000000000001' AS DECIMAL(38,12)) END
       ELSE rounded END;
CREATE OR REPLACE MACRO half_even_12(x) AS half_even_from(x, CAST(x AS DECIMAL(38,12)));

-- sums that refuse a 39th digit; quantities and counts keep their own types
CREATE OR REPLACE MACRO money_sum(x) AS sum(CAST(x AS DECIMAL(38,12))) + CAST(0 AS DECIMAL(38,12));
CREATE OR REPLACE MACRO money_sum_24(x) AS sum(CAST(x AS DECIMAL(38,24))) + CAST(0 AS DECIMAL(38,24));
CREATE OR REPLACE MACRO quantity_sum(x) AS CAST(sum(x) AS DECIMAL(26,6));
CREATE OR REPLACE MACRO count_sum(x) AS CAST(sum(x) AS BIGINT);

-- a short text that differs where the lines do, whatever their order; compared with itself, and on one engine, only
CREATE OR REPLACE MACRO digest_of(line) AS CAST(count(*) AS VARCHAR) || '-' || CAST(sum(hash(line)) AS VARCHAR);

-- money as text: digits only, at most `decimals` decimals once trailing zeros are gone; null is no money
CREATE OR REPLACE MACRO money_problem(t, decimals) AS
  CASE WHEN t IS NULL THEN 'missing'
       WHEN NOT regexp_matches(t, '^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,5})?$') THEN 'not a number'
       WHEN NOT regexp_matches(regexp_replace(t, '[eE].*$', ''), '[1-9]') THEN NULL
       WHEN length(regexp_replace(regexp_extract(t, '[.]([0-9]*)', 1), '0+$', ''))
            - CAST('0' || regexp_extract(t, '[eE][+]?([0-9]+)$', 1) AS INTEGER)
            + CAST('0' || regexp_extract(t, '[eE]-([0-9]+)$', 1) AS INTEGER) > decimals THEN 'more than ' || decimals || ' decimals'
       WHEN TRY_CAST(t AS DECIMAL(38,24)) IS NULL OR abs(TRY_CAST(t AS DECIMAL(38,24))) >= CAST('10000000000000' AS DECIMAL(38,24)) THEN 'too large'
  END;
CREATE OR REPLACE MACRO money_value(t) AS
  CASE WHEN regexp_matches(regexp_replace(t, '[eE].*$', ''), '[1-9]') THEN TRY_CAST(t AS DECIMAL(38,24)) ELSE CAST(0 AS DECIMAL(38,24)) END;

-- a quantity as text; null where it is none
CREATE OR REPLACE MACRO quantity_value(t) AS TRY_CAST(t AS DECIMAL(26,6));

-- the part at `place` (1, 2, …) of an amount shared by equal weights: what apportion gives when keys order as places do
CREATE OR REPLACE MACRO equal_part(amount, parts, place) AS
  from_pico(CASE WHEN amount < 0 THEN -1 ELSE 1 END
            * (pico(abs(amount)) // CAST(parts AS HUGEINT) + CASE WHEN CAST(place AS HUGEINT) <= pico(abs(amount)) % CAST(parts AS HUGEINT) THEN 1 ELSE 0 END));

-- text
CREATE OR REPLACE MACRO matches(t, pattern) AS regexp_matches(t, pattern);
CREATE OR REPLACE MACRO text_part(t, separator, place) AS split_part(t, separator, place);
CREATE OR REPLACE MACRO json_text(document, key) AS
  CASE WHEN json_valid(document) THEN json_extract_string(document, '$."' || replace(replace(key, '\', '\\'), '"', '\"') || '"') END;

-- time; every timestamp is UTC without a zone. No zone by a name but UTC: the engine would keep it for the rows that follow
CREATE OR REPLACE MACRO utc_timestamp(t) AS
  CASE WHEN NOT regexp_matches(t, '[A-Za-z]{2}') OR regexp_matches(t, '[0-9] (UTC|GMT)$') THEN TRY_CAST(t AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END;
-- eleven digits: through the year 5138. What has more is milliseconds or finer, and no time of ours
CREATE OR REPLACE MACRO utc_from_seconds(t) AS
  CAST(CASE WHEN TRY_CAST(t AS BIGINT) BETWEEN 0 AND 99999999999 THEN make_timestamp(CAST(TRY_CAST(t AS BIGINT) * 1000000 AS BIGINT)) END AS TIMESTAMP);
CREATE OR REPLACE MACRO day_of(ts) AS CAST(ts AS DATE);
CREATE OR REPLACE MACRO minute_of_day(ts) AS CAST(hour(ts) * 60 + minute(ts) AS BIGINT);
CREATE OR REPLACE MACRO month_start(d) AS CAST(date_trunc('month', d) AS DATE);
CREATE OR REPLACE MACRO add_months(d, n) AS CAST(CAST(d AS DATE) + to_months(CAST(n AS INTEGER)) AS DATE);
CREATE OR REPLACE MACRO add_days(d, n) AS CAST(CAST(d AS DATE) + CAST(n AS INTEGER) AS DATE);
CREATE OR REPLACE MACRO days_between(a, b) AS CAST(date_diff('day', CAST(a AS DATE), CAST(b AS DATE)) AS BIGINT);
CREATE OR REPLACE MACRO seconds_between(a, b) AS CAST(date_diff('second', CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP)) AS BIGINT);
CREATE OR REPLACE MACRO month_text(d) AS strftime(CAST(d AS DATE), '%Y-%m');
-- The month whose charges a month's driver weighs at a grain: its own, or the one after it where the grain is of the previous month.
CREATE OR REPLACE MACRO served_month(grain, month) AS
  CASE WHEN strpos(grain, 'previous_month') > 0 THEN add_months(month, 1) ELSE month END;
-- the key of a row at a grain such as day+sku+meter: only the named parts tell rows apart. Joined at once: `||` would write the text anew for each part
CREATE OR REPLACE MACRO grain_key(grain, usage_date, month, provider, account_id, invoice_id, service, sku, meter) AS concat_ws('|',
  CASE WHEN strpos(grain, 'day') > 0 THEN coalesce(CAST(usage_date AS VARCHAR), '') ELSE '' END,
  CASE WHEN strpos(grain, 'month') > 0 THEN coalesce(CAST(month AS VARCHAR), '') ELSE '' END,
  CASE WHEN strpos(grain, 'provider') > 0 THEN coalesce(provider, '') ELSE '' END,
  CASE WHEN strpos(grain, 'account') > 0 THEN coalesce(account_id, '') ELSE '' END,
  CASE WHEN strpos(grain, 'invoice') > 0 THEN coalesce(invoice_id, '') ELSE '' END,
  CASE WHEN strpos(grain, 'service') > 0 THEN coalesce(service, '') ELSE '' END,
  CASE WHEN strpos(grain, 'sku') > 0 THEN coalesce(sku, '') ELSE '' END,
  CASE WHEN strpos(grain, 'meter') > 0 THEN coalesce(meter, '') ELSE '' END);
-- lists for UNNEST: every day from a to b, every whole number from a to b, both included
CREATE OR REPLACE MACRO day_series(a, b) AS generate_series(CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP), INTERVAL 1 DAY);
CREATE OR REPLACE MACRO number_series(a, b) AS generate_series(CAST(a AS BIGINT), CAST(b AS BIGINT));

-- The one division of money. items(item_key, amount) and weights(item_key, target, weight) are table names.
-- Gives (item_key, target, part): parts of an item sum to its amount; floor of the share, the left-over units of 10^-12 one each
-- to the largest remainders, ties by target. No positive weight: one row with a null target bears the whole amount.
-- Two limbs keep the products inside 38 digits for amounts below 10^13. Parts of zero have no row. A division takes thirty times a product,
-- so each is made once, and what is left of it is a difference.
CREATE OR REPLACE MACRO apportion(items, weights) AS TABLE
WITH item AS (
  SELECT item_key, negative, units, units // 1000000000000 AS whole, units - units // 1000000000000 * 1000000000000 AS fraction
  FROM (SELECT item_key, amount < 0 AS negative, pico(abs(amount)) AS units FROM query_table(items) WHERE amount <> 0) AS given
), weighed AS (
  SELECT item_key, target, pico(weight) AS w FROM query_table(weights) WHERE weight > 0
), total AS (
  SELECT item_key, CAST(sum(w) AS HUGEINT) AS t FROM weighed GROUP BY item_key
), product AS (
  SELECT item.item_key, weighed.target, item.negative, item.units, total.t, item.whole * weighed.w AS whole_product, item.fraction * weighed.w AS fraction_product
  FROM item JOIN weighed ON weighed.item_key = item.item_key JOIN total ON total.item_key = item.item_key
), upper_limb AS (
  SELECT item_key, target, negative, units, t, whole_product, fraction_product, whole_product // t AS q FROM product
), lower_product AS (
  SELECT item_key, target, negative, units, t, q, (whole_product - q * t) * 1000000000000 + fraction_product AS rest FROM upper_limb
), lower_limb AS (
  SELECT item_key, target, negative, units, t, q, rest, rest // t AS r FROM lower_product
), divided AS (
  SELECT item_key, target, negative, units, q * 1000000000000 + r AS q, rest - r * t AS remainder FROM lower_limb
), ranked AS (
  SELECT item_key, target, negative, q,
         row_number() OVER (PARTITION BY item_key ORDER BY remainder DESC, target) AS place,
         units - CAST(sum(q) OVER (PARTITION BY item_key) AS HUGEINT) AS lack
  FROM divided
), shared AS (
  SELECT item_key, target, negative, q + CASE WHEN place <= lack THEN 1 ELSE 0 END AS n FROM ranked
)
SELECT item_key, target, from_pico(CASE WHEN negative THEN -n ELSE n END) AS part FROM shared WHERE n <> 0
UNION ALL
SELECT item.item_key, NULL, from_pico(CASE WHEN negative THEN -units ELSE units END)
FROM item LEFT JOIN total ON total.item_key = item.item_key WHERE total.item_key IS NULL;

-- Rounds statement rows to minor units. rows(statement_key, row_key, amount, minor_exponent) is a table name.
-- Each row is floored, the missing units go one each to the largest fractions, ties by row_key: rows sum to the half-even total.
CREATE OR REPLACE MACRO statement_rounding(statement_rows) AS TABLE
WITH scaled AS (
  SELECT statement_key, row_key, minor_exponent, pico(amount) AS units,
         CAST(power(10, 12 - minor_exponent) AS HUGEINT) AS unit
  FROM query_table(statement_rows)
), floored AS (
  SELECT statement_key, row_key, minor_exponent, unit, units, floor_div(units, unit) AS n FROM scaled
), ranked AS (
  SELECT statement_key, row_key, minor_exponent, n,
         row_number() OVER (PARTITION BY statement_key ORDER BY units - n * unit DESC, row_key) AS place,
         CAST(sum(n) OVER (PARTITION BY statement_key) AS HUGEINT) AS floored_total,
         CAST(sum(units) OVER (PARTITION BY statement_key) AS HUGEINT) AS total, unit
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
CREATE OR REPLACE MACRO priced(quantity, unit_price) AS
  half_even_12(CAST(CAST(quantity AS DECIMAL(18,0)) * unit_price AS DECIMAL(38,24))
               + CAST(CAST(CAST(quantity AS DECIMAL(26,6)) - CAST(quantity AS DECIMAL(18,0)) AS DECIMAL(6,6)) * unit_price AS DECIMAL(38,24)));

-- an amount in another currency at the month's rate, rounded once: whole units and their fraction apart, so that each product has 38 digits
CREATE OR REPLACE MACRO converted(amount, rate) AS
  half_even_12(CAST(CAST(amount AS DECIMAL(18,0)) * CAST(rate AS DECIMAL(20,12)) AS DECIMAL(38,24))
               + CAST(CAST(CAST(amount AS DECIMAL(38,12)) - CAST(amount AS DECIMAL(18,0)) AS DECIMAL(12,12)) * CAST(rate AS DECIMAL(20,12)) AS DECIMAL(38,24)));

-- What is left on the last day of days that follow each other, once each day's difference met the opposite one of the day before:
-- differences in order of days, DECIMAL(26,6). And what of two amounts cancels, at the sign of the first.
CREATE OR REPLACE MACRO left_over(differences) AS
  list_reduce(differences, lambda a, x: CAST(CASE WHEN (a >= 0 AND x >= 0) OR (a <= 0 AND x <= 0) THEN x WHEN abs(a) >= abs(x) THEN 0 ELSE a + x END AS DECIMAL(26,6)));
CREATE OR REPLACE MACRO cancelled(a, x) AS
  CASE WHEN a IS NULL OR x IS NULL OR (a >= 0 AND x >= 0) OR (a <= 0 AND x <= 0) THEN 0 WHEN abs(a) >= abs(x) THEN -x ELSE a END;
-- How many decimals an amount needs, and half a unit of the last of them, of 0 to 12 decimals.
CREATE OR REPLACE MACRO decimals_of(amount) AS
  CAST(length(regexp_replace(split_part(CAST(CAST(amount AS DECIMAL(38,12)) AS VARCHAR), '.', 2), '0+$', '')) AS BIGINT);
CREATE OR REPLACE MACRO half_unit(decimals) AS CAST('0.' || substr('000000000000', 1, CAST(decimals AS INTEGER)) || '5' AS DECIMAL(38,13));
