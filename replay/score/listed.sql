-- What the snapshot lists, in numbers of persons, with when it was first listed.

-- The end of the slice of drill time in which an event was concluded; null without slices.
CREATE TEMP TABLE concluded AS
SELECT e.*, s.until_ms AS at_ms
FROM (SELECT seq, kind, subject, source, degree, rule FROM lake_events) e
ASOF LEFT JOIN (SELECT until_ms, events - 1 AS last_seq FROM slices WHERE events > 0) s ON s.last_seq >= e.seq;

CREATE TEMP TABLE first_listed AS
SELECT source, subject AS contact, degree, min(at_ms) AS at_ms FROM concluded WHERE kind = 'contact_found' GROUP BY ALL;

CREATE TEMP TABLE opened_cases AS
SELECT n.person, min(e.at_ms) AS at_ms FROM concluded e JOIN codes n ON n.code = e.subject WHERE e.kind = 'case_opened' GROUP BY n.person;

CREATE TEMP TABLE listed AS
SELECT c.contact_id, s.person AS source, p.person AS contact, c.degree, c.class, c.rule, c.category, c.certainty,
       c.source_person, c.contact_person, c.first_exposure_at_ms AS first_ms, c.last_exposure_at_ms AS last_ms,
       coalesce(s.kind <> 'resident_id' OR p.kind <> 'resident_id', true) AS by_alias,
       s.person IS NULL OR p.person IS NULL AS strange, f.at_ms AS listed_ms
FROM lake_contacts c
LEFT JOIN codes s ON s.code = c.source_person
LEFT JOIN codes p ON p.code = c.contact_person
LEFT JOIN first_listed f ON f.source = c.source_person AND f.contact = c.contact_person AND f.degree = c.degree;

CREATE TEMP TABLE evidence AS
SELECT contact_id, place_kind, source_record, contact_record FROM lake_contact_evidence;

CREATE TEMP TABLE proofs AS
SELECT DISTINCT contact_id, record, split_part(record, '/', 1) AS source, substr(record, position('/' IN record) + 1) AS record_id
FROM (SELECT contact_id, source_record AS record FROM evidence UNION ALL SELECT contact_id, contact_record FROM evidence);

-- Faults by record: one that changed what it says, one that changed when it came. Copies do neither.
CREATE TEMP TABLE struck AS
SELECT source, record_id, min(kind) FILTER (destroyed OR what = 'times') AS wrong, min(kind) FILTER (what = 'arrival') AS delayed
FROM faults GROUP BY ALL;

CREATE TEMP TABLE proof_told AS
SELECT p.contact_id, p.source, p.record_id, bool_and(t.record_id IS NOT NULL) AS told, bool_or(t.record_id IS NOT NULL AND t.until_ms IS NULL) AS inferred, bool_or(coalesce(h.line, false)) AS line,
       any_value(f.wrong) AS wrong, any_value(f.delayed) AS delayed, max(t.arrival_ms) AS arrival_ms, max(t.since_ms) AS since_ms, max(t.event_ms) AS event_ms
FROM proofs p LEFT JOIN (FROM told SEMI JOIN proofs USING (source, record_id)) t ON t.source = p.source AND t.record_id = p.record_id
LEFT JOIN houses h ON h.place = t.place
LEFT JOIN struck f ON f.source = p.source AND f.record_id = p.record_id
GROUP BY ALL;
