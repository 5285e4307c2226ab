-- Section 9: leads. Whose phone was about with a case's in a cell of the telecom grid.

CREATE TEMP TABLE dwells_asked AS
SELECT DISTINCT d.ident, d.since_ms AS t FROM raw_dwells d JOIN standing s ON s."row" = d."row";

CREATE TEMP TABLE dwells AS
SELECT s.rec, r.person, d.place, d.since_ms, d.until_ms
FROM raw_dwells d
JOIN standing s ON s."row" = d."row"
JOIN resolved('dwells_asked') r ON r.ident = d.ident AND r.t = d.since_ms;

-- Since when a case's dwells count, for the stays and for the time together; both end with the window.
CREATE TEMP TABLE lookbacks AS
WITH back AS (
  SELECT c.person AS source, c.pack, k.companion_in, c.window_since_ms, c.window_until_ms AS until_ms,
         day_start(local_day(c.anchor_ms) - k.companion_lookback_days) AS since_ms
  FROM cases c JOIN packs k ON k.pack = c.pack
  WHERE k.companion_enabled AND c.anchor_ms IS NOT NULL
)
SELECT source, pack, since_ms, until_ms,
       CASE WHEN companion_in = 'window' THEN greatest(since_ms, window_since_ms) ELSE since_ms END AS together_since_ms
FROM back;

CREATE TEMP TABLE together_in_cells AS
WITH
  xs AS (
    SELECT b.source, d.place, d.rec, greatest(d.since_ms, b.together_since_ms) AS since_ms,
           least(d.until_ms, b.until_ms) AS until_ms
    FROM lookbacks b JOIN dwells d ON d.person = b.source
  ),
  met AS (
    SELECT x.source, y.person, x.place, x.rec AS x_rec, y.rec AS y_rec, greatest(x.since_ms, y.since_ms) AS since_ms,
           least(x.until_ms, y.until_ms) AS until_ms
    FROM xs x JOIN dwells y ON y.place = x.place AND y.since_ms < x.until_ms AND x.since_ms < y.until_ms
    WHERE y.person <> x.source
  )
SELECT * FROM met
WHERE since_ms < until_ms AND person NOT IN (SELECT person FROM cases)
  AND person NOT IN (SELECT contact FROM contacts WHERE degree = 1);

-- The length of the union of the spans of each (source, person, place).
CREATE TEMP MACRO time_at(spans) AS TABLE
WITH stepped AS (
  SELECT *, greatest(since_ms, coalesce(max(until_ms) OVER (
    PARTITION BY source, person, place ORDER BY since_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), since_ms)) AS from_ms
  FROM query_table(spans)
)
SELECT source, person, place, sum(greatest(0, until_ms - from_ms))::BIGINT AS length_ms, min(since_ms) AS first_ms,
       max(until_ms) AS last_ms
FROM stepped
GROUP BY source, person, place;

CREATE TEMP TABLE together_long AS
SELECT t.*, b.pack FROM time_at('together_in_cells') t
JOIN lookbacks b ON b.source = t.source JOIN packs k ON k.pack = b.pack
WHERE t.length_ms > k.companion_together_ms;

-- All that the case, and that the other, spent in such a cell.
CREATE TEMP TABLE stays_in_cells AS
WITH asked AS (
  SELECT source, person, place FROM together_long UNION SELECT source, source, place FROM together_long
)
SELECT a.source, a.person, a.place, greatest(d.since_ms, b.since_ms) AS since_ms,
       least(d.until_ms, b.until_ms) AS until_ms
FROM asked a
JOIN lookbacks b ON b.source = a.source
JOIN dwells d ON d.person = a.person AND d.place = a.place
WHERE greatest(d.since_ms, b.since_ms) < least(d.until_ms, b.until_ms);

CREATE TEMP TABLE cells_met AS
WITH stayed AS (FROM time_at('stays_in_cells'))
SELECT t.*, c.length_ms AS case_stay_ms, p.length_ms AS stay_ms
FROM together_long t
JOIN packs k ON k.pack = t.pack
JOIN stayed c ON c.source = t.source AND c.person = t.source AND c.place = t.place
JOIN stayed p ON p.source = t.source AND p.person = t.person AND p.place = t.place
WHERE greatest(c.length_ms, p.length_ms) > k.companion_stay_ms;

CREATE TEMP VIEW view_leads AS
WITH
  foremost AS (SELECT DISTINCT ON (source, person) * FROM cells_met ORDER BY source, person, length_ms DESC, place),
  whole AS (
    SELECT source, person, count(*) AS cells, min(first_ms) AS first_ms, max(last_ms) AS last_ms
    FROM cells_met GROUP BY source, person
  ),
  proofs AS (
    SELECT DISTINCT ON (t.source, t.person) t.source, t.person, t.x_rec, t.y_rec
    FROM together_in_cells t
    JOIN foremost l ON l.source = t.source AND l.person = t.person AND l.place = t.place
    ORDER BY t.source, t.person, t.until_ms - t.since_ms DESC, t.since_ms, t.x_rec, t.y_rec
  )
SELECT l.source AS case_person, l.person, w.cells, l.place, l.length_ms AS together_ms, l.case_stay_ms, l.stay_ms,
       w.first_ms AS first_together_at_ms, w.last_ms AS last_together_at_ms, k.companion_rule AS rule, k.name AS pack,
       p.x_rec AS case_record, p.y_rec AS person_record
FROM foremost l
JOIN whole w ON w.source = l.source AND w.person = l.person
JOIN proofs p ON p.source = l.source AND p.person = l.person
JOIN packs k ON k.pack = l.pack;
