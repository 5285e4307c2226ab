-- Where people truly were, and where records that name them say they were.

CREATE TEMP TABLE houses AS
SELECT place, kind, house, ground = ground_line() AS line FROM places;

CREATE TEMP VIEW true_presences AS
SELECT v.person, v.place, h.kind, v.since_ms, v.until_ms, v.carriage, v.seat_row, v.doing = doing_drive() AS crew,
       false AS aboard, false AS inferred, false AS line
FROM visits v JOIN houses h USING (place);

-- Departments differ about the doors of open houses; a record that calls a restaurant a venue shows no meal.
CREATE TEMP TABLE doors AS
SELECT place FROM houses WHERE kind IN (kind_restaurant(), kind_entertainment());
CREATE TEMP TABLE said_at_doors AS SELECT DISTINCT source, record_id FROM told SEMI JOIN doors USING (place);
CREATE TEMP TABLE read_kinds AS
SELECT r.source, r.record_id, max(p.kind) AS kind
FROM (SELECT rec, kind FROM lake.presences WHERE kind IN (kind_venue(), kind_restaurant(), kind_entertainment())) p
JOIN lake_records r USING (rec) SEMI JOIN said_at_doors d ON d.source = r.source AND d.record_id = r.record_id
GROUP BY ALL;

CREATE TEMP VIEW said AS
WITH named AS (
  SELECT t.*, h.line, h.house, CASE WHEN o.place IS NULL THEN h.kind ELSE coalesce(r.kind, h.kind) END AS kind
  FROM told t JOIN houses h USING (place) LEFT JOIN doors o ON o.place = t.place
  LEFT JOIN read_kinds r ON r.source = t.source AND r.record_id = t.record_id
  WHERE t.person >= 0 AND t.since_ms IS NOT NULL
)
SELECT t.source, t.record_id, t.person, t.place, t.kind, t.line, t.since_ms, coalesce(t.until_ms, t.since_ms + d.dwell_ms) AS until_ms,
       t.until_ms IS NULL AS inferred, t.knows, t.destroyed, t.fault, t.house
FROM named t
JOIN packs k ON k.since_day <= local_day(t.since_ms) AND local_day(t.since_ms) < k.until_day
JOIN dwell d ON d.pack = k.pack AND d.kind = t.kind;

-- Seats and crew as they truly were: a record tells them or leaves them out, and never says another seat.
CREATE TEMP TABLE seats AS
SELECT person, place, max(carriage) AS carriage, max(seat_row) AS seat_row, bool_or(doing = doing_drive()) AS crew
FROM visits v WHERE v.place IN (SELECT place FROM houses WHERE kind >= first_vehicle() AND NOT line)
GROUP BY person, place;

-- Who is known to be in a vehicle is aboard its line as well.
CREATE TEMP MACRO spread(rows) AS TABLE
SELECT s.person, s.place, s.kind, s.since_ms, s.until_ms, coalesce(q.carriage, 0) AS carriage, coalesce(q.seat_row, 0) AS seat_row,
       coalesce(q.crew, false) AS crew, false AS aboard, s.inferred, s.line
FROM query_table(rows) s LEFT JOIN seats q ON q.person = s.person AND q.place = s.place
UNION ALL BY NAME
SELECT s.person, s.house AS place, h.kind, s.since_ms, s.until_ms, 0 AS carriage, 0 AS seat_row, coalesce(q.crew, false) AS crew,
       true AS aboard, s.inferred, true AS line
FROM query_table(rows) s JOIN houses h ON h.place = s.house AND h.line LEFT JOIN seats q ON q.person = s.person AND q.place = s.place;

CREATE TEMP VIEW said_well AS FROM said WHERE knows AND NOT destroyed;
CREATE TEMP VIEW said_known AS FROM said WHERE knows;
CREATE TEMP VIEW told_presences AS FROM spread('said_well');
CREATE TEMP VIEW known_presences AS FROM spread('said_known');

CREATE TEMP TABLE known_cases AS
SELECT n.person, any_value(n.kind) AS by_kind, min(c.case_person) AS code, any_value(k.pack) AS pack,
       min(c.window_since_ms) AS since_ms, max(coalesce(c.window_until_ms, open_ms())) AS until_ms,
       min(c.first_positive_at_ms) AS sampled_ms, min(c.reported_at_ms) AS reported_ms
FROM lake_cases c JOIN codes n ON n.code = c.case_person LEFT JOIN packs k ON k.name = c.pack
GROUP BY n.person;

-- Since when contacts are isolated: in truth, and as the view has it from the records.
CREATE TEMP TABLE true_isolated AS SELECT person, min(at_ms) AS isolated_ms FROM isolations WHERE NOT ended GROUP BY person;
CREATE TEMP TABLE told_isolated AS
SELECT n.person, min(p.isolated_at_ms) AS isolated_ms FROM lake_persons p JOIN codes n ON n.code = p.person
WHERE p.isolated_at_ms IS NOT NULL GROUP BY n.person;
CREATE TEMP VIEW known_isolated AS FROM told_isolated;

CREATE TEMP TABLE case_windows AS
SELECT person AS source, pack, since_ms, until_ms, NULL::BIGINT[] AS kinds FROM known_cases WHERE since_ms < until_ms;
