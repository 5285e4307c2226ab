-- Where people truly were, and where records that name them say they were.

CREATE TEMP TABLE houses AS
SELECT place, kind, house, ground = ground_line() AS line FROM places;

-- A stay at a part of a house is a stay in the house; of a vehicle, aboard its line.
CREATE TEMP VIEW true_presences AS
SELECT v.person, v.place, h.kind, v.since_ms, v.until_ms, v.carriage, v.seat_row, v.doing = doing_drive() AS crew,
       false AS aboard, false AS inferred, false AS line
FROM visits v JOIN houses h USING (place);

CREATE TEMP VIEW said AS
SELECT t.source, t.record_id, t.person, t.place, h.kind, h.line, t.since_ms,
       coalesce(t.until_ms, t.since_ms + d.dwell_ms) AS until_ms, t.until_ms IS NULL AS inferred, t.knows, t.destroyed, t.fault, h.house
FROM told t JOIN houses h USING (place)
JOIN packs k ON k.since_day <= local_day(t.since_ms) AND local_day(t.since_ms) < k.until_day
JOIN dwell d ON d.pack = k.pack AND d.kind = h.kind
WHERE t.person >= 0;

-- Seats and crew as they truly were: a record tells them or leaves them out, and never says another seat.
CREATE TEMP TABLE seats AS
SELECT person, place, max(carriage) AS carriage, max(seat_row) AS seat_row, bool_or(doing = doing_drive()) AS crew
FROM visits v WHERE v.place IN (SELECT place FROM houses WHERE kind >= first_vehicle() AND NOT line)
GROUP BY person, place;

CREATE TEMP MACRO spread(rows) AS TABLE
SELECT s.person, s.place, s.kind, s.since_ms, s.until_ms, coalesce(q.carriage, 0) AS carriage, coalesce(q.seat_row, 0) AS seat_row,
       coalesce(q.crew, false) AS crew, false AS aboard, s.inferred, s.line
FROM query_table(rows) s LEFT JOIN seats q ON q.person = s.person AND q.place = s.place
UNION ALL BY NAME
SELECT s.person, s.house AS place, h.kind, s.since_ms, s.until_ms, 0 AS carriage, 0 AS seat_row, coalesce(q.crew, false) AS crew,
       h.line AS aboard, s.inferred, h.line
FROM query_table(rows) s JOIN houses h ON h.place = s.house LEFT JOIN seats q ON q.person = s.person AND q.place = s.place
WHERE s.house >= 0;

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

CREATE TEMP TABLE measured AS
SELECT person, min(isolated_ms) AS isolated_ms FROM (
  SELECT n.person, p.isolated_at_ms AS isolated_ms FROM lake_persons p JOIN codes n ON n.code = p.person
  UNION ALL SELECT person, isolated_ms FROM infections
) WHERE isolated_ms IS NOT NULL GROUP BY person;

CREATE TEMP TABLE case_windows AS
SELECT person AS source, pack, since_ms, until_ms, NULL::BIGINT[] AS kinds FROM known_cases WHERE since_ms < until_ms;
