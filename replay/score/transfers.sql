-- Figures: transfers, of drills whose world answers a dispatcher. The view says what was known of each way; the truth
-- (transfer_happenings, transfer_legs, transfer_troubles, transfer_beds) what really happened.

CREATE TEMP TABLE drill_end AS SELECT max(at_ms) AS end_ms FROM lake.ticks;
CREATE TEMP TABLE truly_in AS
SELECT person, purpose, min(at_ms) AS at_ms FROM transfer_happenings WHERE what = 'admitted' AND purpose > 0 GROUP BY ALL;

-- Every way that was ever on the clock, and whether its deadline has been decided: it is over, or the person is there.
CREATE TEMP TABLE ways AS
SELECT t.*, n.person AS number, CASE t.purpose WHEN 'hospital' THEN 2 ELSE 1 END AS purpose_number, i.at_ms AS truly_ms,
       t.due_at_ms <= e.end_ms OR t.ended_at_ms IS NOT NULL AS decided,
       (least(coalesce(t.ended_at_ms, e.end_ms), e.end_ms) - t.needed_at_ms) / 3600000.0 AS waited_h,
       list_contains(t.flags, 'already_there') AS was_there
FROM lake_transfers t CROSS JOIN drill_end e LEFT JOIN codes n ON n.code = t.person
LEFT JOIN truly_in i ON i.person = n.person AND i.purpose = CASE t.purpose WHEN 'hospital' THEN 2 ELSE 1 END
WHERE t.needed_at_ms IS NOT NULL;

INSERT INTO figures SELECT 'transfer_people', class, count(*), NULL, NULL FROM ways GROUP BY class;
INSERT INTO figures SELECT 'transfer_people', '', count(*), NULL, NULL FROM ways;
INSERT INTO figures SELECT 'transfer_states', state, count(*), NULL, NULL FROM lake_transfers GROUP BY state;
CREATE TEMP MACRO in_time(rows) AS TABLE
SELECT 'transfer_in_time' AS figure, "group", share(n, d) AS value, n AS numerator, d AS denominator FROM (
  SELECT "group", count(*) FILTER (NOT breached) AS n, count(*) AS d FROM query_table(rows) WHERE decided GROUP BY "group");
CREATE TEMP VIEW ways_by AS SELECT *, '' AS "group" FROM ways UNION ALL SELECT *, class AS "group" FROM ways;
INSERT INTO figures FROM in_time('ways_by');

-- How long people waited, those who still do until the end of the drill; and from the call to the true admission (L4).
CREATE TEMP MACRO waits(name, rows) AS TABLE
SELECT name AS figure, CASE WHEN "group" = '' THEN g ELSE "group" || '/' || g END AS "group",
       CASE g WHEN 'p50' THEN p50 WHEN 'p95' THEN p95 ELSE greatest END AS value, NULL::BIGINT AS numerator, n AS denominator
FROM (SELECT "group", quantile_disc(v, 0.5) AS p50, quantile_disc(v, 0.95) AS p95, max(v) AS greatest, count(v) AS n
      FROM query_table(rows) GROUP BY "group"), (VALUES ('p50'), ('p95'), ('max')) groups(g) WHERE n > 0;
CREATE TEMP VIEW waited_by AS SELECT "group", greatest(waited_h, 0) AS v FROM ways_by WHERE NOT was_there;
CREATE TEMP VIEW admitted_by AS SELECT "group", (truly_ms - needed_at_ms) / 3600000.0 AS v FROM ways_by WHERE truly_ms >= needed_at_ms;
INSERT INTO figures FROM waits('hours_waited', 'waited_by');
INSERT INTO figures FROM waits('hours_needed_to_admitted', 'admitted_by');
INSERT INTO figures SELECT 'admitted_by_hours', h::VARCHAR, share(n, d), n, d FROM (
  SELECT h, count(*) FILTER (truly_ms - needed_at_ms <= h * 3600000) AS n, count(*) AS d
  FROM ways, (VALUES (1), (2), (4), (6), (8), (12), (24), (48)) hours(h) WHERE NOT was_there GROUP BY h) WHERE d > 0;

INSERT INTO figures SELECT 'vehicle_km', '', sum(road_m) / 1000.0, NULL, NULL FROM transfer_legs HAVING count(*) > 0;
INSERT INTO figures SELECT 'vehicle_km', vehicle, sum(road_m) / 1000.0, NULL, NULL FROM transfer_legs GROUP BY vehicle;
INSERT INTO figures SELECT 'vehicle_km_empty', '', share(n, d), n, d FROM (
  SELECT sum(road_m) FILTER (aboard = 0) // 1000 AS n, sum(road_m) // 1000 AS d FROM transfer_legs) WHERE d > 0;

-- Why a deadline was missed: the first reason that fits; else what the dispatcher said at the last plan before it, or, if
-- there was none, at the first plan after it.
CREATE TEMP VIEW said_why AS SELECT * FROM transfer_lines;
CREATE TEMP TABLE first_known AS
SELECT subject AS code, source, min(at_ms) AS at_ms FROM concluded WHERE kind = 'transfer_changed' GROUP BY ALL;
CREATE TEMP TABLE missed AS
SELECT w.person, w.purpose, w.class, w.number, w.waited_h, CASE
    WHEN w.number IS NULL OR w.kind <> 'resident_id' THEN 'unlinked'
    WHEN w.truly_ms <= w.due_at_ms THEN 'not_told'
    WHEN k.at_ms > w.due_at_ms THEN 'late_call'
    WHEN list_contains(w.flags, 'refused') THEN 'refused'
    WHEN list_contains(w.flags, 'broke_down') THEN 'breakdown'
    WHEN list_contains(w.flags, 'turned_away') THEN 'turned_away'
    WHEN w.first_assigned_ms <= w.due_at_ms THEN 'under_way'
    ELSE coalesce(b.why, a.why, 'not_planned') END AS cause
FROM (SELECT w.*, n.kind, (SELECT min(s.at_ms) FROM lake_transfer_steps s WHERE s.person = w.person AND s.purpose = w.purpose AND s.step = 'assign') AS first_assigned_ms
      FROM ways w LEFT JOIN codes n ON n.code = w.person WHERE w.breached) w
LEFT JOIN first_known k ON k.code = w.person AND k.source = w.purpose
ASOF LEFT JOIN said_why b ON b.code = w.person AND b.purpose = w.purpose_number AND b.at_ms <= w.due_at_ms
ASOF LEFT JOIN said_why a ON a.code = w.person AND a.purpose = w.purpose_number AND a.at_ms > w.due_at_ms;
INSERT INTO figures SELECT 'transfer_breaches', cause, count(*), NULL, NULL FROM missed GROUP BY cause;
INSERT INTO figures SELECT 'transfer_breaches', '', count(*), NULL, NULL FROM missed;

-- What each trouble cost those whom it struck: deadlines missed, and hours beyond the median of those whom none struck.
CREATE TEMP TABLE struck_ways AS
SELECT DISTINCT t.trouble, w.person, w.purpose, w.class, w.waited_h, w.breached
FROM transfer_troubles t
LEFT JOIN (SELECT DISTINCT run, person FROM transfer_happenings WHERE person >= 0 AND run <> '') r ON t.person < 0 AND r.run = t.run
JOIN ways w ON w.number = CASE WHEN t.person >= 0 THEN t.person ELSE r.person END AND t.at_ms >= w.needed_at_ms
WHERE NOT w.was_there;
CREATE TEMP TABLE unstruck AS
SELECT class, quantile_disc(waited_h, 0.5) AS h FROM ways w ANTI JOIN struck_ways s USING (person, purpose) WHERE NOT w.was_there GROUP BY class;
INSERT INTO figures SELECT 'transfer_troubles', trouble, count(*), NULL, NULL FROM transfer_troubles GROUP BY trouble;
INSERT INTO figures SELECT 'trouble_breaches', trouble, count(*) FILTER (breached), count(*) FILTER (breached), count(*) FROM struck_ways GROUP BY trouble;
INSERT INTO figures SELECT 'trouble_hours', trouble, sum(greatest(s.waited_h - coalesce(u.h, 0), 0)), NULL, count(*)
FROM struck_ways s LEFT JOIN unstruck u USING (class) GROUP BY trouble;
