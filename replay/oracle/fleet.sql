-- Transfers, section 5: what runs and rooms hold, and the views of vehicles and beds.

CREATE TEMP MACRO now_ms() AS (
  SELECT coalesce(max(f.at_ms), unknown_ms()) FROM raw_ticks f JOIN standing s ON s."row" = f."row"
);

CREATE TEMP TABLE fleet AS
SELECT DISTINCT ON (f.vehicle) f.* EXCLUDE ("row")
FROM raw_fleet f JOIN standing s ON s."row" = f."row"
ORDER BY f.vehicle, f.since_ms DESC, s.rec DESC;

CREATE TEMP TABLE last_pings AS
SELECT DISTINCT ON (f.vehicle) f.vehicle, f.at_ms, f.lat, f.lon
FROM raw_pings f JOIN standing s ON s."row" = f."row"
ORDER BY f.vehicle, f.at_ms DESC, s.rec DESC;

CREATE TEMP TABLE last_cleanings AS
SELECT f.vehicle, max(f.at_ms) AS at_ms
FROM raw_cleanings f JOIN standing s ON s."row" = f."row"
GROUP BY f.vehicle;

-- UNKNOWN is the least of all instants: one unknown test makes the least unknown.
CREATE TEMP TABLE on_duty AS
SELECT f.vehicle, max(f.until_ms) FILTER (f.role = crew_driver()) AS until_ms, min(f.tested_ms) AS tested_ms
FROM raw_crews f JOIN standing s ON s."row" = f."row"
WHERE f.since_ms <= now_ms() AND now_ms() < f.until_ms
GROUP BY f.vehicle;

-- Who holds a seat or a bed. One person takes one, by however many ways.
CREATE TEMP TABLE riding AS
FROM rows_of_ways
WHERE state IN (state_assigned(), state_dispatched(), state_aboard(), state_arrived());

CREATE TEMP TABLE seats_held AS
SELECT run, count(DISTINCT person) AS held FROM riding WHERE run <> 0 GROUP BY run;

CREATE TEMP TABLE beds_held AS
SELECT site, room, count(DISTINCT person) AS held,
       count(DISTINCT person) FILTER (state = state_admitted()) AS lodged
FROM (FROM riding UNION ALL FROM rows_of_ways WHERE state = state_admitted())
WHERE site <> 0 AND room <> 0
GROUP BY site, room;

CREATE TEMP TABLE overfull AS
SELECT w.way
FROM riding w JOIN seats_held h ON h.run = w.run JOIN fleet v ON v.vehicle = w.vehicle
WHERE h.held > v.seats
UNION
SELECT w.way
FROM (FROM riding UNION ALL FROM rows_of_ways WHERE state = state_admitted()) w
JOIN beds_held h ON h.site = w.site AND h.room = w.room
JOIN rooms r ON r.site = w.site AND r.room = w.room
WHERE h.held > r.beds;

CREATE TEMP VIEW view_vehicles AS
SELECT v.vehicle, v.seats, v.wheelchairs, v.sealed, v.since_ms, v.until_ms, coalesce(p.lat, v.lat) AS lat,
       coalesce(p.lon, v.lon) AS lon, coalesce(p.at_ms, unknown_ms()) AS pinged_at_ms,
       coalesce(c.at_ms, unknown_ms()) AS disinfected_at_ms, coalesce(d.until_ms, unknown_ms()) AS crew_until_ms,
       coalesce(d.tested_ms, unknown_ms()) AS crew_tested_at_ms,
       (SELECT count(DISTINCT (r.run, r.person)) FROM riding r WHERE r.vehicle = v.vehicle AND r.run <> 0) AS held
FROM fleet v
LEFT JOIN last_pings p ON p.vehicle = v.vehicle
LEFT JOIN last_cleanings c ON c.vehicle = v.vehicle
LEFT JOIN on_duty d ON d.vehicle = v.vehicle;

CREATE TEMP VIEW view_beds AS
WITH left_last AS (
  SELECT site, room, max(until_ms) AS until_ms FROM lodgings WHERE until_ms <> open_ms() GROUP BY site, room
)
SELECT r.site, r.room, r.floor, r.beds, r.family, s.takes, s.lat, s.lon, s.since_ms, s.until_ms,
       coalesce(h.held - h.lodged, 0) AS planned, coalesce(h.lodged, 0) AS lodged,
       coalesce(d.until_ms + k.cleaning_ms, unknown_ms()) AS free_at_ms
FROM rooms r
JOIN sites s ON s.site = r.site
LEFT JOIN beds_held h ON h.site = r.site AND h.room = r.room
LEFT JOIN left_last d ON d.site = r.site AND d.room = r.room
LEFT JOIN packs k ON k.since_day <= local_day(d.until_ms) AND local_day(d.until_ms) < k.until_day;
