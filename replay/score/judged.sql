-- How presences become pairs (docs/rules.md sections 5 to 7), said once for what was true and for what was told.
-- A table of presences has: person, place, kind, since_ms, until_ms, carriage, seat_row, crew, aboard, inferred.
-- A table of windows has: source, pack, since_ms, until_ms, kinds (null: every kind).

CREATE TEMP TABLE rules AS
SELECT p.pack, r.kind, r.rule, r.category, r.result, r.result AS rest, 'all' AS scope, 0 AS distance, r.overlap_min_ms, r.below
FROM packs p JOIN place_rules r USING (pack)
UNION ALL BY NAME
SELECT p.pack, r.kind, r.rule, r.category, r.result, r.rest, r.scope, r.distance, r.overlap_min_ms, r.below
FROM packs p JOIN ride_rules r ON r.pack = p.pack AND r.sealed = p.sealed_assumed;

CREATE TEMP MACRO within(presences, windows) AS TABLE
SELECT w.source, w.pack, p.* REPLACE (greatest(p.since_ms, w.since_ms) AS since_ms, least(p.until_ms, w.until_ms) AS until_ms)
FROM query_table(presences) p JOIN query_table(windows) w ON w.source = p.person
WHERE greatest(p.since_ms, w.since_ms) < least(p.until_ms, w.until_ms) AND (w.kinds IS NULL OR list_contains(w.kinds, p.kind));

-- Everybody else who was at the place of such a presence while it lasted. Two who are both known to be in a vehicle of
-- a line do not meet at the line.
CREATE TEMP MACRO meetings(xs, presences) AS TABLE
SELECT x.source, y.person AS contact, x.pack, x.place, CASE WHEN x.kind = kind_venue() THEN y.kind ELSE x.kind END AS kind, x.carriage AS x_carriage, y.carriage AS y_carriage,
       x.seat_row AS x_row, y.seat_row AS y_row, x.crew OR y.crew AS served, x.inferred OR y.inferred AS inferred,
       x.line OR y.line AS line,
       greatest(x.since_ms, y.since_ms) AS since_ms, least(x.until_ms, y.until_ms) AS until_ms
FROM query_table(xs) x JOIN query_table(presences) y ON y.place = x.place
WHERE y.person <> x.source AND greatest(x.since_ms, y.since_ms) < least(x.until_ms, y.until_ms)
  AND NOT (x.aboard AND y.aboard);

-- Each meeting with its rule and whether the other one sits in the circle; a seat that nobody knows is in it.
CREATE TEMP MACRO judged(met) AS TABLE
SELECT m.* EXCLUDE (x_carriage, y_carriage, x_row, y_row, served), r.rule, r.category, r.overlap_min_ms, r.below,
       served OR scope = 'all'
       OR ((m.kind NOT IN (kind_train(), kind_metro()) OR x_carriage = y_carriage OR x_carriage = 0 OR y_carriage = 0)
           AND (scope NOT IN ('rows', 'bays') OR x_row = 0 OR y_row = 0 OR abs(x_row - y_row) <= distance)) AS in_circle,
       CASE WHEN in_circle THEN r.result ELSE r.rest END AS class
FROM query_table(met) m JOIN rules r ON r.pack = m.pack AND r.kind = m.kind;

-- The rows that decide a pair: of its greatest class, once time together has been held against the rule's minimum.
CREATE TEMP MACRO deciding(judgements) AS TABLE
WITH stepped AS (
  SELECT *, greatest(since_ms, coalesce(max(until_ms) OVER (
    PARTITION BY source, contact, rule, in_circle ORDER BY since_ms, until_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), since_ms)) AS from_ms
  FROM query_table(judgements)
), summed AS (
  SELECT *, sum(greatest(0, until_ms - from_ms)) OVER (PARTITION BY source, contact, rule, in_circle) AS together_ms FROM stepped
), counted AS (
  SELECT * REPLACE (CASE WHEN in_circle AND together_ms < overlap_min_ms THEN below ELSE class END AS class) FROM summed
)
SELECT * FROM counted WHERE class > class_none() QUALIFY class = max(class) OVER (PARTITION BY source, contact);

CREATE TEMP MACRO paired(rows) AS TABLE
SELECT source, contact, any_value(pack) AS pack, any_value(class) AS class,
       CASE WHEN any_value(class) = class_close() THEN 1 ELSE 0 END AS degree,
       arg_max(rule, (together_ms, rule)) AS rule, arg_max(category, (together_ms, rule)) AS category,
       min(since_ms) AS first_ms, max(until_ms) AS last_ms, bool_and(inferred) AS inferred, bool_and(line) AS line
FROM query_table(rows) GROUP BY source, contact;

-- Close contacts of cases who are no case, each with the time in which they may have passed it on.
CREATE TEMP MACRO source_windows(pairs, isolated) AS TABLE
SELECT p.contact AS source, arg_min(p.pack, (p.first_ms, p.source)) AS pack, min(p.first_ms) AS since_ms,
       coalesce(least(any_value(m.isolated_ms), open_ms()), open_ms()) AS until_ms,
       arg_min(k.secondary_kinds, (p.first_ms, p.source)) AS kinds
FROM query_table(pairs) p JOIN packs k USING (pack) LEFT JOIN query_table(isolated) m ON m.person = p.contact
WHERE p.degree = 1 AND k.secondary_enabled AND (len(k.secondary_categories) = 0 OR list_contains(k.secondary_categories, p.category))
  AND p.contact NOT IN (SELECT person FROM known_cases)
GROUP BY p.contact;

CREATE TEMP MACRO secondary(met, pairs) AS TABLE
WITH stepped AS (
  SELECT *, greatest(since_ms, coalesce(max(until_ms) OVER (
    PARTITION BY source, contact ORDER BY since_ms, until_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), since_ms)) AS from_ms
  FROM query_table(met)
  WHERE contact NOT IN (SELECT person FROM known_cases)
    AND contact NOT IN (SELECT contact FROM query_table(pairs) WHERE degree = 1)
), summed AS (
  SELECT *, sum(greatest(0, until_ms - from_ms)) OVER (PARTITION BY source, contact) AS together_ms FROM stepped
)
SELECT s.source, s.contact, s.pack, s.place, s.kind, s.since_ms, s.until_ms, s.inferred, s.line, together_ms,
       k.secondary_rule AS rule, k.secondary_category AS category, class_secondary() AS class
FROM summed s JOIN packs k USING (pack) WHERE together_ms >= k.secondary_overlap_min_ms;
