-- Once for each connection: what the statements of the other files are written in.

-- as in the oracle: floor_div, local_day, day_start, is_anchor, has, holders, isolations, together, meetings
-- as in the oracle: carriage, compartment, row_until, row_from, has_bay_number, bay_from, bay_until, gap, judged
-- as in the oracle: is_sealed, sums, isolate_until, monitor_until, tests_due, differ, minima, machine

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

-- Every presence that may be of the people in a table (person).
CREATE OR REPLACE TEMP MACRO presences_of(people) AS TABLE
WITH theirs AS (
  SELECT person AS ident FROM query_table(people)
  UNION
  SELECT s.ident FROM spans s SEMI JOIN query_table(people) p ON p.person = s.person
)
SELECT p.* FROM presences p SEMI JOIN theirs ON theirs.ident = p.ident;

-- Of those, in `taken` with what each resolves to in `whose`, the ones of these people in their windows.
CREATE OR REPLACE TEMP MACRO presences_in(windows, taken, whose) AS TABLE
SELECT w.source, w.pack, p.rec, p.place, p.kind, p.flags, p.seat, p.certainty,
       greatest(p.since_ms, w.since_ms) AS since_ms, least(p.until_ms, w.until_ms) AS until_ms
FROM query_table(taken) p
JOIN query_table(whose) r ON r.ident = p.ident AND r.t = p.since_ms
JOIN query_table(windows) w ON w.source = r.person
WHERE greatest(p.since_ms, w.since_ms) < least(p.until_ms, w.until_ms)
  AND (w.kinds IS NULL OR list_contains(w.kinds, p.kind));

-- Contacts are told apart by their people here; the number that the oracle makes of them is not asked for.
CREATE OR REPLACE TEMP MACRO contact_id(degree, source, contact) AS hash(degree, source, contact);
