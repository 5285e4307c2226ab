-- Transfers, section 5: sites and rooms as they are known, and who lodges where.

CREATE TEMP TABLE sites AS
SELECT DISTINCT ON (f.site) f.site, f.takes, f.lat, f.lon, f.since_ms, f.until_ms
FROM raw_sites f JOIN standing s ON s."row" = f."row"
ORDER BY f.site, f.since_ms DESC, s.rec DESC;

CREATE TEMP TABLE rooms AS
SELECT DISTINCT ON (f.site, f.room) f.site, f.room, f.floor, f.beds, f.family
FROM raw_rooms f JOIN standing s ON s."row" = f."row"
ORDER BY f.site, f.room, s.rec DESC;

-- `floor`: null where the room or its floor is not known.
CREATE TEMP TABLE lodgings AS
SELECT a.person, a.site, a.room, a.admitted_ms AS since_ms, a.until_ms,
       CASE WHEN r.floor <> unknown_ms() THEN r.floor END AS floor
FROM stays a LEFT JOIN rooms r ON r.site = a.site AND r.room = a.room
WHERE a.site <> 0;

-- The floor rule: until when a case found on a floor near theirs keeps others there.
CREATE TEMP TABLE restarts AS
SELECT p.person, max(day_start(local_day(c.first_positive_ms) + k.floor_restart_days + 1)) AS until_ms
FROM cases c
JOIN packs k ON k.pack = c.pack
JOIN lodgings x ON x.person = c.person AND x.since_ms <= c.first_positive_ms AND c.first_positive_ms < x.until_ms
JOIN lodgings p ON p.site = x.site AND p.person <> c.person
 AND p.since_ms <= c.first_positive_ms AND c.first_positive_ms < p.until_ms
WHERE coalesce(abs(x.floor - p.floor) <= k.floors, true)
GROUP BY p.person;
