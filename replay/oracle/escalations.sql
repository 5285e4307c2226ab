-- Transfers, section 6: homes, deadlines and who is told. Then the view of all ways.

CREATE TEMP TABLE dwellings AS
SELECT s.rec, f.* EXCLUDE ("row") FROM raw_dwellings f JOIN standing s ON s."row" = f."row";

-- The home of each way on the clock, when its person was first to be taken.
CREATE TEMP TABLE way_homes AS
SELECT DISTINCT ON (g.way) g.way, h.place, d.lat, d.lon,
       list_filter([d.building, d.compound, d.community, d.street], lambda area: area <> 0) AS areas
FROM grounds g
JOIN ways w ON w.way = g.way
JOIN homes h ON h.person = w.person AND h.since_ms <= g.needed_ms AND g.needed_ms < h.until_ms
JOIN dwellings d ON d.place = h.place AND d.since_ms <= g.needed_ms AND g.needed_ms < d.until_ms
ORDER BY g.way, h.since_ms DESC, h.place, d.since_ms DESC, d.rec;

CREATE TEMP TABLE traits_asked AS
SELECT DISTINCT f.ident, f.since_ms AS t FROM raw_traits f JOIN standing s ON s."row" = f."row";

CREATE TEMP TABLE way_traits AS
SELECT g.way, bit_or(1::BIGINT << (f.trait - 1)) AS traits
FROM raw_traits f
JOIN standing s ON s."row" = f."row"
JOIN resolved('traits_asked') r ON r.ident = f.ident AND r.t = f.since_ms
JOIN ways w ON w.person = r.person
JOIN grounds g ON g.way = w.way AND f.since_ms <= g.needed_ms AND g.needed_ms < f.until_ms
GROUP BY g.way;

CREATE TEMP VIEW view_transfers AS
SELECT w.person, w.purpose, w.state, coalesce(g.class, class_none()) AS class,
       coalesce(g.needed_ms, unknown_ms()) AS needed_at_ms, coalesce(g.due_ms, unknown_ms()) AS due_at_ms,
       coalesce(g.due_ms < coalesce(t.ended_ms, now_ms()), false)::BIGINT AS breached,
       coalesce(t.ended_ms, unknown_ms()) AS ended_at_ms, coalesce(t.ordered_ms, unknown_ms()) AS ordered_at_ms,
       coalesce(t.assigned_ms, unknown_ms()) AS assigned_at_ms,
       coalesce(t.dispatched_ms, unknown_ms()) AS dispatched_at_ms,
       coalesce(t.picked_up_ms, unknown_ms()) AS picked_up_at_ms,
       coalesce(t.arrived_ms, unknown_ms()) AS arrived_at_ms,
       coalesce(t.admitted_ms, unknown_ms()) AS admitted_at_ms,
       coalesce(t.released_ms, unknown_ms()) AS released_at_ms, coalesce(t.home_ms, unknown_ms()) AS home_at_ms,
       CASE WHEN g.way IS NOT NULL AND w.purpose = purpose_isolate()
             AND w.state IN (state_admitted(), state_released())
            THEN greatest(g.until_ms, f.until_ms) ELSE unknown_ms() END AS release_due_at_ms,
       w.run, w.vehicle, w.site, w.room,
       w.flags | CASE WHEN w.way IN (SELECT way FROM overfull) THEN mark_overfull() ELSE 0 END AS flags,
       coalesce(x.traits, 0) AS traits, coalesce(h.place, 0) AS home, coalesce(h.lat, unknown_ms()) AS home_lat,
       coalesce(h.lon, unknown_ms()) AS home_lon, k.transfer_rule AS rule, k.name AS pack
FROM rows_of_ways w
SEMI JOIN told_ways o ON o.person = w.person AND o.purpose = w.purpose
JOIN times t ON t.way = w.way
JOIN way_packs p ON p.way = w.way
JOIN packs k ON k.pack = p.pack
LEFT JOIN grounds g ON g.way = w.way
LEFT JOIN restarts f ON f.person = w.person
LEFT JOIN way_homes h ON h.way = w.way
LEFT JOIN way_traits x ON x.way = w.way;

CREATE TEMP TABLE duties_asked AS
SELECT DISTINCT f.ident, f.since_ms AS t FROM raw_duties f JOIN standing s ON s."row" = f."row";

-- Who answers for whose home.
CREATE TEMP TABLE charges AS
WITH duties AS (
  SELECT r.person AS owner, f.role, f.area, f.since_ms, f.until_ms
  FROM raw_duties f
  JOIN standing s ON s."row" = f."row"
  JOIN resolved('duties_asked') r ON r.ident = f.ident AND r.t = f.since_ms
)
SELECT DISTINCT h.way, d.role, d.owner, d.since_ms, d.until_ms
FROM (SELECT way, unnest(areas) AS area FROM way_homes) h JOIN duties d ON d.area = h.area;

-- When each level is reached: after the one below had its time to answer, or with it if nobody was there to answer.
CREATE TEMP TABLE levels AS
WITH RECURSIVE reached AS (
  SELECT way, duty_building_head() AS level, due_ms AS raise_ms FROM grounds
  UNION ALL
  SELECT r.way, r.level + 1,
         any_value(r.raise_ms) + CASE WHEN bool_or(c.way IS NOT NULL) THEN any_value(k.answer_ms[r.level]) ELSE 0 END
  FROM reached r
  JOIN grounds g ON g.way = r.way
  JOIN packs k ON k.pack = g.pack
  LEFT JOIN charges c
    ON c.way = r.way AND c.role = r.level AND c.since_ms <= r.raise_ms AND r.raise_ms < c.until_ms
  WHERE r.level < duty_district_leader()
  GROUP BY r.way, r.level
)
SELECT way, level, level AS role, raise_ms FROM reached
UNION ALL
SELECT g.way, 0, duty_building_head(), g.due_ms - k.warning_ms FROM grounds g JOIN packs k ON k.pack = g.pack;

CREATE TEMP TABLE acks AS
SELECT p.person, f.purpose, f.at_ms
FROM raw_acks f JOIN standing s ON s."row" = f."row"
JOIN told_persons p ON p.ident = f.ident AND p.t = f.at_ms;

-- The levels that are or were raised, until admission, isolation at home or an acknowledgement.
CREATE TEMP TABLE raised AS
WITH answered AS (
  SELECT l.way, min(a.at_ms) AS at_ms
  FROM levels l JOIN ways w ON w.way = l.way JOIN acks a ON a.person = w.person AND a.purpose = w.purpose
  WHERE l.level = 0 AND a.at_ms >= l.raise_ms
  GROUP BY l.way
)
SELECT l.*, least(t.ended_ms, a.at_ms, open_ms()) AS close_ms
FROM levels l JOIN times t ON t.way = l.way LEFT JOIN answered a ON a.way = l.way
WHERE l.raise_ms < least(t.ended_ms, a.at_ms, open_ms()) AND l.raise_ms <= now_ms();

CREATE TEMP TABLE stretches AS
SELECT r.way, r.level, r.role, c.owner, r.raise_ms, greatest(r.raise_ms, c.since_ms) AS since_ms,
       least(r.close_ms, c.until_ms) AS until_ms
FROM raised r JOIN charges c ON c.way = r.way AND c.role = r.role
WHERE greatest(r.raise_ms, c.since_ms) < least(r.close_ms, c.until_ms) AND greatest(r.raise_ms, c.since_ms) <= now_ms()
UNION
SELECT r.way, r.level, r.role, 0, r.raise_ms, r.raise_ms,
       least(r.close_ms, min(c.since_ms) FILTER (c.since_ms > r.raise_ms))
FROM raised r LEFT JOIN charges c ON c.way = r.way AND c.role = r.role
GROUP BY r.way, r.level, r.role, r.raise_ms, r.close_ms
HAVING NOT coalesce(bool_or(c.since_ms <= r.raise_ms AND r.raise_ms < c.until_ms), false);

CREATE TEMP VIEW view_escalations AS
SELECT w.person, w.purpose, s.level, s.role, s.owner, s.raise_ms AS raised_at_ms, s.since_ms, s.until_ms,
       k.transfer_rule AS rule, k.name AS pack
FROM stretches s
JOIN ways w ON w.way = s.way
JOIN grounds g ON g.way = s.way
JOIN packs k ON k.pack = g.pack;
