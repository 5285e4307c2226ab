-- Section 10: holds. Who must wait for a single-tube test of their own.

CREATE TEMP TABLE purchases_asked AS
SELECT f.ident, f.bought_ms AS t FROM raw_purchases f JOIN standing s ON s."row" = f."row";

CREATE TEMP TABLE bought AS
SELECT s.rec, r.person, f.bought_ms AS at_ms
FROM raw_purchases f
JOIN standing s ON s."row" = f."row"
JOIN resolved('purchases_asked') r ON r.ident = f.ident AND r.t = f.bought_ms
JOIN packs k ON k.since_day <= local_day(f.bought_ms) AND local_day(f.bought_ms) < k.until_day
WHERE k.medicine_enabled AND list_contains(k.medicines, f.category);

-- The samples of each person in a positive tube that are no single specimens; the last of them counts.
CREATE TEMP TABLE pooled AS
WITH
  members AS (
    SELECT s.rec, s.person, s.tube, max(s.sampled_ms) OVER (PARTITION BY s.person, s.tube) AS at_ms
    FROM samples s JOIN tubes t ON t.tube = s.tube JOIN verdicts v ON v.tube = s.tube
    WHERE v.positive AND NOT (s.pool_size = 1 AND t.members = 1)
  ),
  held AS (
    SELECT m.* FROM members m
    JOIN packs k ON k.since_day <= local_day(m.at_ms) AND local_day(m.at_ms) < k.until_day
    WHERE k.pool_enabled
  )
SELECT rec, person, at_ms FROM held
UNION
SELECT r.rec, h.person, h.at_ms FROM held h JOIN results r ON r.tube = h.tube AND r.result = result_positive();

CREATE TEMP TABLE last_negatives AS
SELECT s.person, max(s.sampled_ms) AS sampled_ms
FROM samples s JOIN tubes t ON t.tube = s.tube JOIN verdicts v ON v.tube = s.tube
WHERE s.pool_size = 1 AND t.members = 1 AND v.negative AND NOT v.positive
GROUP BY s.person;

CREATE TEMP TABLE held AS
SELECT g.person, 'pool' AS reason, g.at_ms, g.at_ms AS from_ms, g.rec
FROM pooled g LEFT JOIN last_negatives n ON n.person = g.person
WHERE n.sampled_ms IS NULL OR n.sampled_ms < g.at_ms
UNION ALL
SELECT g.person, 'medicine', g.at_ms, g.at_ms + 1, g.rec
FROM bought g LEFT JOIN last_negatives n ON n.person = g.person
WHERE n.sampled_ms IS NULL OR n.sampled_ms <= g.at_ms;

CREATE TEMP VIEW view_holds AS
WITH people AS (
  SELECT person, reason, min(at_ms) AS since_ms, max(at_ms) AS last_ms, max(from_ms) AS sampled_from_ms,
         list(DISTINCT rec ORDER BY rec) AS records
  FROM held WHERE person NOT IN (SELECT person FROM cases)
  GROUP BY person, reason
)
SELECT h.person, h.reason, h.since_ms, 'single_negative' AS release, h.sampled_from_ms,
       CASE h.reason WHEN 'pool' THEN k.pool_rule ELSE k.medicine_rule END AS rule, k.name AS pack, h.records
FROM people h JOIN packs k ON k.since_day <= local_day(h.last_ms) AND local_day(h.last_ms) < k.until_day;
