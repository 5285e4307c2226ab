-- Every pair that is on one side alone, with the first reason that fits.

CREATE TEMP TABLE reviewed AS
SELECT DISTINCT n.person FROM (SELECT unnest(people) AS code FROM lake_reviews WHERE kind = 'identity_contested') r
JOIN codes n USING (code);

CREATE TEMP TABLE shown AS  -- true and shown by records
SELECT t.source, t.contact, t.degree FROM true_pairs t SEMI JOIN told_pairs o USING (source, contact, degree);
CREATE TEMP TABLE own AS SELECT DISTINCT source, contact, degree FROM listed WHERE NOT by_alias;
CREATE TEMP TABLE own_close AS SELECT DISTINCT contact FROM own WHERE degree = 1;
CREATE TEMP TABLE listed_any AS
SELECT source, contact, bool_and(by_alias) AS by_alias FROM listed WHERE source IS NOT NULL AND contact IS NOT NULL GROUP BY ALL;

-- Shown, and not listed. A line that is in no fact was refused or never came.
CREATE TEMP TABLE lacking AS FROM shown ANTI JOIN own USING (source, contact, degree);
CREATE TEMP TABLE lacking_people AS SELECT source AS person FROM lacking UNION SELECT contact FROM lacking;
CREATE TEMP TABLE lacking_said AS
SELECT source AS feed, record_id, person, since_ms, until_ms, place FROM said_well SEMI JOIN lacking_people USING (person);
CREATE TEMP TABLE lacking_sides AS
SELECT l.*, r.place, r.since_ms, r.until_ms, unnest([l.source, l.contact]) AS person
FROM lacking l JOIN told_rows r USING (source, contact, degree);
CREATE TEMP TABLE telling AS
SELECT DISTINCT l.source, l.contact, l.degree, s.feed, s.record_id
FROM lacking_sides l JOIN lacking_said s ON s.person = l.person AND s.since_ms < l.until_ms AND l.since_ms < s.until_ms
LEFT JOIN houses h ON h.place = s.place
WHERE s.place = l.place OR h.house = l.place;
CREATE TEMP TABLE kept AS
SELECT DISTINCT r.source AS feed, r.record_id FROM lake_records r SEMI JOIN telling t ON t.feed = r.source AND t.record_id = r.record_id;

CREATE TEMP TABLE missing AS
WITH summed AS (
  SELECT t.source, t.contact, t.degree, bool_or(k.feed IS NULL AND j.source IS NOT NULL) AS refused, bool_or(k.feed IS NULL) AS lost,
         max(f.wrong) AS fault, list(feed || '/' || t.record_id ORDER BY k.feed IS NOT NULL, feed, t.record_id)[:2] AS records
  FROM telling t LEFT JOIN kept k USING (feed, record_id) LEFT JOIN (SELECT DISTINCT source FROM lake_rejects) j ON j.source = t.feed
  LEFT JOIN struck f ON f.source = t.feed AND f.record_id = t.record_id
  GROUP BY ALL
)
SELECT l.source, l.contact, l.degree, coalesce(s.records, []) AS records,
       CASE WHEN a.by_alias THEN 'unlinked_identifier'
            WHEN NOT a.by_alias THEN 'other_degree'
            WHEN s.fault IS NOT NULL THEN 'fault:' || s.fault
            WHEN s.refused THEN 'record_refused'
            WHEN s.lost THEN 'record_not_read'
            WHEN l.source IN (SELECT person FROM reviewed) OR l.contact IN (SELECT person FROM reviewed) THEN 'contested_identifier'
            WHEN l.degree = 2 AND l.source NOT IN (SELECT contact FROM own_close) THEN 'source_not_listed'
            WHEN l.degree = 2 AND l.contact IN (SELECT contact FROM own_close) THEN 'other_degree'
            ELSE 'unexplained' END AS reason
FROM lacking l LEFT JOIN summed s USING (source, contact, degree) LEFT JOIN listed_any a USING (source, contact);

-- Listed, and not true. `backed`: records do show it, be it of somebody whom they do not name.
CREATE TEMP TABLE true_close AS SELECT DISTINCT contact FROM true_pairs WHERE degree = 1;
CREATE TEMP TABLE true_any AS SELECT DISTINCT source, contact FROM true_pairs;
CREATE TEMP TABLE beside AS SELECT DISTINCT source, contact FROM true_judged WHERE NOT in_circle;
CREATE TEMP TABLE proof AS
SELECT contact_id, bool_or(inferred) AS inferred, bool_or(line) AS line, max(wrong) AS fault, bool_and(told) AS told,
       list(source || '/' || record_id ORDER BY source, record_id)[:2] AS records
FROM proof_told GROUP BY contact_id;
CREATE TEMP TABLE close_proof AS  -- of a pair of degree 2: what its close contact rests on
SELECT l.contact AS close, max(p.fault) AS fault FROM listed l JOIN proof p USING (contact_id) WHERE l.degree = 1 GROUP BY l.contact;
CREATE TEMP TABLE extra AS
SELECT l.contact_id, l.source, l.contact, l.source_person, l.contact_person, l.degree, l.rule, coalesce(p.records, []) AS records,
       o.source IS NOT NULL OR (l.by_alias AND NOT l.strange AND coalesce(p.told, false)) AS backed,
       CASE WHEN l.strange THEN 'nobody_of_the_city'
            WHEN l.by_alias THEN 'unlinked_identifier'
            WHEN l.degree = 1 AND b.source IS NOT NULL THEN 'seat_not_told'
            WHEN p.line THEN 'line_without_vehicle'
            WHEN l.degree = 2 AND l.contact IN (SELECT contact FROM true_close) THEN 'truly_closer'
            WHEN l.degree = 2 AND l.source NOT IN (SELECT contact FROM true_close) THEN 'source_not_true'
            WHEN p.fault IS NOT NULL THEN 'fault:' || p.fault
            WHEN l.degree = 2 AND q.fault IS NOT NULL THEN 'fault:' || q.fault
            WHEN p.inferred THEN 'inferred_stay'
            WHEN l.source IN (SELECT person FROM reviewed) OR l.contact IN (SELECT person FROM reviewed) THEN 'contested_identifier'
            WHEN t.source IS NOT NULL THEN 'other_degree'
            WHEN o.source IS NOT NULL THEN 'told_wider'
            ELSE 'unexplained' END AS reason
FROM (FROM listed ANTI JOIN true_pairs USING (source, contact, degree)) l
LEFT JOIN proof p USING (contact_id) LEFT JOIN close_proof q ON q.close = l.source LEFT JOIN told_pairs o USING (source, contact, degree)
LEFT JOIN beside b ON b.source = l.source AND b.contact = l.contact LEFT JOIN true_any t ON t.source = l.source AND t.contact = l.contact;

-- True, and shown by no records: at the place where the weaker of both sides fared best, how that side fared.
CREATE TEMP TABLE dark AS SELECT source, contact, degree FROM true_pairs ANTI JOIN told_pairs USING (source, contact, degree);
CREATE TEMP TABLE dark_sides AS
SELECT d.*, r.place, r.since_ms, r.until_ms, unnest([d.source, d.contact]) AS person FROM dark d JOIN true_rows r USING (source, contact, degree);
CREATE TEMP TABLE dark_stays AS SELECT DISTINCT person, place, since_ms, until_ms FROM dark_sides;
CREATE TEMP TABLE dark_said AS
SELECT person, place, since_ms, until_ms, knows, destroyed, fault FROM said SEMI JOIN dark_stays USING (person)
UNION ALL SELECT person, house AS place, since_ms, until_ms, knows, destroyed, fault FROM said SEMI JOIN dark_stays USING (person) WHERE house >= 0;
CREATE TEMP TABLE dark_states AS
SELECT s.person, s.place, s.since_ms, s.until_ms, max(CASE WHEN n.destroyed THEN n.fault END) AS fault,
       coalesce(max(CASE WHEN n.destroyed THEN 3 WHEN NOT n.knows THEN 2 WHEN n.person IS NOT NULL THEN 4 END), 0) AS state
FROM dark_stays s LEFT JOIN dark_said n ON n.person = s.person AND n.place = s.place AND n.since_ms < s.until_ms AND s.since_ms < n.until_ms
GROUP BY ALL;
CREATE TEMP TABLE unrecorded AS
WITH weaker AS (
  SELECT s.source, s.contact, s.degree, min(n.state) AS state, max(n.fault) AS fault
  FROM dark_sides s JOIN dark_states n USING (person, place, since_ms, until_ms) GROUP BY s.source, s.contact, s.degree, s.place, s.since_ms
), pair AS (SELECT source, contact, degree, max(state) AS state, max(fault) AS fault FROM weaker GROUP BY ALL)
SELECT d.source, d.contact, d.degree,
       CASE WHEN o.source IS NOT NULL THEN 'other_degree'
            WHEN p.state = 3 THEN 'fault:' || coalesce(p.fault, '')
            WHEN d.degree = 2 AND d.source NOT IN (SELECT contact FROM told_pairs WHERE degree = 1) THEN 'source_not_recorded'
            WHEN coalesce(p.state, 0) = 0 THEN 'nothing_recorded'
            WHEN p.state = 2 THEN 'unlinked_identifier'
            ELSE 'times_apart' END AS reason
FROM dark d LEFT JOIN pair p USING (source, contact, degree)
LEFT JOIN (SELECT DISTINCT source, contact FROM told_pairs) o ON o.source = d.source AND o.contact = d.contact;
