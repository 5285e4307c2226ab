-- Once for each connection: what the statements of the other files are written in.

-- as in the oracle: floor_div, local_day, day_start, is_anchor, has, holders, isolations
-- as in the oracle: carriage, compartment, row_until, row_from, has_bay_number, bay_from, bay_until, gap, judged
-- as in the oracle: is_sealed, sums, differ, minima, machine

-- The oracle's way to resolve, over the temporary links of load.sql.
-- as in the oracle: resolved AS resolved_by_links

-- resolve(ident, t) by the spans that were made when the links came.
CREATE OR REPLACE TEMP MACRO resolved(asked) AS TABLE
WITH
  queries AS (SELECT DISTINCT ident, t FROM query_table(asked)),
  found AS (
    SELECT q.ident, q.t, s.person
    FROM spans s JOIN queries q ON q.ident = s.ident AND s.since_ms <= q.t AND q.t < s.until_ms
  )
SELECT q.ident, q.t, coalesce(f.person, q.ident) AS person
FROM queries q LEFT JOIN found f ON f.ident = q.ident AND f.t = q.t;

-- Every presence of the people of a table (person, source, pack, since_ms, until_ms, kinds), cut to their windows. An
-- identifier that is nobody else's at that time stands for itself.
CREATE OR REPLACE TEMP MACRO presences_within(windows) AS TABLE
WITH
  theirs AS (SELECT s.* FROM spans s SEMI JOIN query_table(windows) w ON w.person = s.person),
  elsewhere AS (SELECT s.* FROM spans s SEMI JOIN query_table(windows) w ON w.person = s.ident),
  whose AS (
    SELECT ident, since_ms, until_ms, person FROM theirs
    UNION ALL
    SELECT person, unknown_ms(), open_ms(), person FROM query_table(windows)
  )
SELECT w.source, w.pack, p.rec, p.event_ms, p.place, p.kind, p.flags, p.seat, p.certainty,
       greatest(p.since_ms, w.since_ms) AS since_ms, least(p.until_ms, w.until_ms) AS until_ms
FROM presences p
JOIN whose r ON r.ident = p.ident AND r.since_ms <= p.since_ms AND p.since_ms < r.until_ms
JOIN query_table(windows) w ON w.person = r.person
WHERE greatest(p.since_ms, w.since_ms) < least(p.until_ms, w.until_ms)
  AND (w.kinds IS NULL OR list_contains(w.kinds, p.kind))
  AND NOT (p.ident = r.person AND EXISTS (
    FROM elsewhere e WHERE e.ident = p.ident AND e.since_ms <= p.since_ms AND p.since_ms < e.until_ms));

-- Every presence that overlaps such a presence at the same place, with when either was told.
CREATE OR REPLACE TEMP MACRO together(xs) AS TABLE
SELECT x.source, x.pack, x.place, CASE WHEN x.kind = kind_venue() THEN y.kind ELSE x.kind END AS kind,
       x.rec AS x_rec, x.event_ms AS x_told_ms, x.flags AS x_flags, x.seat AS x_seat,
       y.ident, y.since_ms AS t, y.rec AS y_rec, y.event_ms AS y_told_ms, y.flags AS y_flags, y.seat AS y_seat,
       least(x.certainty, y.certainty) AS certainty,
       greatest(x.since_ms, y.since_ms) AS since_ms, least(x.until_ms, y.until_ms) AS until_ms
FROM query_table(xs) x
JOIN presences y ON y.place = x.place AND y.since_ms < x.until_ms AND x.since_ms < y.until_ms
WHERE greatest(x.since_ms, y.since_ms) < least(x.until_ms, y.until_ms)
  AND NOT (has(x.flags, flag_aboard()) AND has(y.flags, flag_aboard()));
