-- Cases that were lost: people who were infected and are no case in the view, each with the first reason that fits.

-- The truth does not say whom a record is about that tells of no stay. What ought to have proved the case is met by its
-- instant: the report; the first swab that was positive singly; its result. Either the first or both others prove it.
CREATE TEMP TABLE sought AS SELECT i.person, i.found_ms, i.known_ms, i.reported_ms FROM infections i ANTI JOIN known_cases k ON k.person = i.person;
CREATE TEMP TABLE due AS
SELECT person, 1 AS turn, 'health.case_report' AS source, reported_ms AS event_ms FROM sought WHERE reported_ms IS NOT NULL
UNION ALL SELECT person, 2, 'health.nat_sample', found_ms FROM sought WHERE found_ms IS NOT NULL
UNION ALL SELECT person, 3, 'health.nat_result', known_ms FROM sought WHERE known_ms IS NOT NULL;
CREATE TEMP TABLE due_told AS
SELECT d.person, d.turn, d.source, t.record_id, t.destroyed, nullif(t.fault, '') AS fault FROM due d LEFT JOIN told t ON t.source = d.source AND t.event_ms = d.event_ms;

-- Of several records of one instant those that are not in the lake as they were written; the swabs that are in it are
-- known by whose they are.
CREATE TEMP TABLE due_read AS
SELECT r.source, r.record_id, any_value(r.rec) AS rec FROM lake_records r SEMI JOIN due_told t ON t.source = r.source AND t.record_id = r.record_id GROUP BY ALL;
CREATE TEMP TABLE swabbed AS
SELECT DISTINCT d.person FROM due d JOIN codes n USING (person) JOIN lake.samples s ON s.sampled_ms = d.event_ms AND lake.pseudonym(s.ident) = n.code WHERE d.turn = 2;
CREATE TEMP TABLE due_lost AS
SELECT t.*, r.rec IS NOT NULL AS read FROM due_told t LEFT JOIN due_read r USING (source, record_id)
WHERE t.record_id IS NULL OR ((t.destroyed OR r.rec IS NULL) AND NOT (t.turn = 2 AND t.person IN (FROM swabbed)));

CREATE TEMP TABLE lost_cases AS
WITH gone AS (SELECT DISTINCT source FROM faults WHERE kind = 'lost_for_good'),
refusing AS (SELECT DISTINCT source FROM lake_rejects), summed AS (
  SELECT l.person, arg_min(l.fault, l.turn) FILTER (l.destroyed AND l.fault IS NOT NULL) AS fault, bool_or(l.record_id IS NULL AND g.source IS NOT NULL) AS gone,
         bool_or(l.record_id IS NOT NULL AND NOT l.read AND f.source IS NOT NULL) AS refused, bool_or(l.record_id IS NOT NULL AND NOT l.read) AS unread,
         bool_or(l.destroyed AND l.read) AS withdrawn, bool_and(l.record_id IS NULL) AS untold,
         list(l.source || '/' || l.record_id ORDER BY l.turn, l.record_id) FILTER (l.record_id IS NOT NULL)[:2] AS records
  FROM due_lost l LEFT JOIN gone g USING (source) LEFT JOIN refusing f USING (source) GROUP BY l.person
)
SELECT s.person, coalesce(u.records, []) AS records,
       CASE WHEN s.known_ms IS NULL AND s.reported_ms IS NULL THEN 'never_found'
            WHEN u.fault IS NOT NULL THEN 'fault:' || u.fault
            WHEN u.gone THEN 'fault:lost_for_good'
            WHEN u.refused THEN 'record_refused'
            WHEN u.unread THEN 'record_not_read'
            WHEN u.withdrawn THEN 'record_withdrawn'
            WHEN s.person IN (SELECT person FROM reviewed) THEN 'contested_identifier'
            WHEN u.untold THEN 'not_yet_told'
            ELSE 'unexplained' END AS reason
FROM sought s LEFT JOIN summed u USING (person);
