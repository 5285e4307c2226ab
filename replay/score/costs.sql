-- Figures: what faults and late feeds cost, what holds and leads were worth, and what the conclusions ask of people.

INSERT INTO figures SELECT 'fault_records', kind, count(*), NULL, NULL FROM faults GROUP BY kind;
INSERT INTO figures SELECT 'fault_records_destroyed', kind, count(*), NULL, NULL FROM faults WHERE destroyed GROUP BY kind;

-- True pairs that would have been shown, had no record been destroyed, and are not listed: each with the faults that
-- struck a record of either side at that place.
CREATE TEMP TABLE pairs_lost AS
WITH dark AS (SELECT k.source, k.contact, k.degree FROM known_pairs k JOIN true_pairs t USING (source, contact, degree)
              ANTI JOIN told_pairs o USING (source, contact, degree) ANTI JOIN own w USING (source, contact, degree))
SELECT DISTINCT d.source, d.contact, d.degree, coalesce(nullif(s.fault, ''), 'unnamed') AS kind
FROM dark d JOIN known_rows r USING (source, contact, degree)
JOIN said s ON s.person IN (d.source, d.contact) AND s.destroyed AND (s.place = r.place OR s.house = r.place) AND s.since_ms < r.until_ms AND r.since_ms < s.until_ms;
INSERT INTO figures SELECT 'fault_pairs_lost', kind, count(*), NULL, NULL FROM pairs_lost WHERE degree = 1 GROUP BY kind;
INSERT INTO figures SELECT 'fault_pairs_lost', '', count(*), NULL, NULL FROM (SELECT DISTINCT source, contact FROM pairs_lost WHERE degree = 1);

-- A decision waited for a record if the record came after the case was opened and no later than the listing; the last
-- such record is the one it waited for. Late: later than its source is expected to be in 95 of 100 records.
CREATE TEMP TABLE waited AS
SELECT l.contact_id, p.source, p.delayed AS fault, p.arrival_ms, (p.arrival_ms - p.event_ms) / 1000.0 AS lateness_s, x.p95_s,
       (p.arrival_ms - greatest(o.at_ms, p.event_ms + x.p95_s * 1000)) / 3600000.0 AS hours
FROM listings l JOIN proof_told p USING (contact_id) JOIN opened_cases o ON o.person = l.source JOIN expected x ON x.source = p.source
WHERE p.arrival_ms > o.at_ms AND p.arrival_ms <= l.listed_ms AND p.arrival_ms - p.event_ms > x.p95_s * 1000
QUALIFY row_number() OVER (PARTITION BY l.contact_id ORDER BY p.arrival_ms DESC, p.source) = 1;
INSERT INTO figures SELECT 'late_decisions', source, count(*), NULL, NULL FROM waited GROUP BY source;
INSERT INTO figures SELECT 'late_hours', source, sum(greatest(hours, 0)), NULL, count(*) FROM waited GROUP BY source;
INSERT INTO figures SELECT 'fault_hours_lost', fault, sum(greatest(hours, 0)), NULL, count(*) FROM waited WHERE fault IS NOT NULL GROUP BY fault;

-- Holds, all that were ever set; where there are no events, those that stand.
CREATE TEMP TABLE held AS
SELECT coalesce(n.person, -1) AS person, h.code, min(h.at_ms) AS at_ms FROM (
  SELECT subject AS code, at_ms FROM concluded WHERE kind = 'hold_opened'
  UNION ALL SELECT person, NULL FROM lake_holds) h LEFT JOIN codes n USING (code) GROUP BY ALL;
INSERT INTO figures SELECT 'holds', '', count(*), NULL, NULL FROM held;
INSERT INTO figures SELECT 'holds_needless', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (person NOT IN (SELECT person FROM infections)) AS n, count(*) AS d FROM held) WHERE d > 0;
CREATE TEMP VIEW won AS SELECT (o.at_ms - h.at_ms) / 3600000.0 AS v FROM held h JOIN opened_cases o USING (person) WHERE o.at_ms > h.at_ms;
INSERT INTO figures FROM spans('hold_hours_won', 'won');

-- A lead is near if the two were truly at one place at one time while their phones were in one cell.
INSERT INTO figures SELECT 'leads', '', count(*), NULL, NULL FROM lake_leads;
CREATE TEMP TABLE led AS
SELECT a.person AS one, b.person AS other, l.first_together_at_ms AS since_ms, l.last_together_at_ms AS until_ms
FROM lake_leads l LEFT JOIN codes a ON a.code = l.case_person LEFT JOIN codes b ON b.code = l.person;
CREATE TEMP TABLE led_visits AS FROM (SELECT person, place, since_ms, until_ms FROM visits)
WHERE person IN (SELECT one FROM led UNION ALL SELECT other FROM led);
INSERT INTO figures SELECT 'leads_near', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (EXISTS (FROM led_visits x JOIN led_visits y ON y.place = x.place
    WHERE x.person = l.one AND y.person = l.other AND greatest(x.since_ms, y.since_ms, l.since_ms) < least(x.until_ms, y.until_ms, l.until_ms))) AS n,
  count(*) AS d FROM led l) WHERE d > 0;

-- What the pack in force asks for: people to isolate, and their days from the last exposure to the end.
INSERT INTO figures SELECT 'people', class, count(*), NULL, NULL FROM lake_persons GROUP BY class;
INSERT INTO figures SELECT 'isolation_people', class, count(*), NULL, NULL FROM lake_persons WHERE isolate_until_ms IS NOT NULL GROUP BY class;
INSERT INTO figures SELECT 'isolation_days', class, sum((isolate_until_ms - last_exposure_at_ms) / 86400000.0), NULL, count(*)
FROM lake_persons WHERE isolate_until_ms IS NOT NULL AND last_exposure_at_ms IS NOT NULL GROUP BY class;

INSERT INTO figures SELECT 'records', source, count(*), NULL, NULL FROM (SELECT DISTINCT source, record_id FROM lake_records) GROUP BY source;
INSERT INTO figures SELECT 'refused', source, sum(count), NULL, NULL FROM lake_rejects GROUP BY source;
INSERT INTO figures SELECT 'lateness_minutes_p95', t.source, quantile_disc(t.arrival_ms - t.event_ms, 0.95) / 60000.0, NULL, count(*)
FROM told t WHERE t.arrival_ms IS NOT NULL AND t.event_ms IS NOT NULL GROUP BY t.source;
