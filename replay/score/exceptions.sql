-- Every pair that is on one side alone, with the first reason that fits.

CREATE TEMP TABLE reviewed AS
SELECT DISTINCT n.person FROM (SELECT unnest(people) AS code FROM lake_reviews WHERE kind = 'identity_contested') r JOIN codes n USING (code);

CREATE TEMP TABLE shown AS  -- true and shown by records
SELECT t.source, t.contact, t.degree, o.rule, o.inferred, o.line FROM true_pairs t JOIN told_pairs o USING (source, contact, degree);

CREATE TEMP TABLE own AS SELECT DISTINCT source, contact, degree, contact_id FROM listed WHERE NOT by_alias;
CREATE TEMP TABLE listed_any AS SELECT source, contact, max(degree) AS degree, bool_or(by_alias) AS by_alias FROM listed GROUP BY ALL;

-- Shown, and not listed. A line that is in no fact was refused or never came.
CREATE TEMP TABLE missing AS
WITH lacking AS (FROM shown ANTI JOIN own USING (source, contact, degree)),
telling AS (
  SELECT l.source, l.contact, l.degree, s.source AS feed, s.record_id, s.fault
  FROM lacking l JOIN (FROM told_rows SEMI JOIN lacking USING (source, contact, degree)) r USING (source, contact, degree)
  JOIN said_well s ON s.person IN (l.source, l.contact) AND s.since_ms < r.until_ms AND r.since_ms < s.until_ms AND (s.place = r.place OR s.house = r.place)
), held AS (
  SELECT t.*, k.record_id IS NOT NULL AS kept, j.source IS NOT NULL AS refused
  FROM telling t LEFT JOIN (SELECT DISTINCT source AS feed, record_id FROM lake_records SEMI JOIN telling ON telling.feed = lake_records.source AND telling.record_id = lake_records.record_id) k
    USING (feed, record_id)
  LEFT JOIN (SELECT DISTINCT source FROM lake_rejects) j ON j.source = t.feed
), summed AS (
  SELECT source, contact, degree, bool_or(NOT kept AND refused) AS refused, bool_or(NOT kept) AS lost, max(nullif(fault, '')) AS fault,
         list_distinct(list(feed || '/' || record_id))[:2] AS records
  FROM held GROUP BY ALL
)
SELECT l.source, l.contact, l.degree, coalesce(s.records, []) AS records,
       CASE WHEN a.degree IS NOT NULL AND a.by_alias THEN 'unlinked_identifier'
            WHEN a.degree IS NOT NULL THEN 'other_degree'
            WHEN s.fault IS NOT NULL THEN 'fault:' || s.fault
            WHEN s.refused THEN 'record_refused'
            WHEN s.lost THEN 'record_not_read'
            WHEN EXISTS (FROM reviewed r WHERE r.person IN (l.source, l.contact)) THEN 'contested_identifier'
            WHEN l.degree = 2 AND NOT EXISTS (FROM own o WHERE o.contact = l.source AND o.degree = 1) THEN 'source_not_listed'
            WHEN l.degree = 2 AND EXISTS (FROM own o WHERE o.contact = l.contact AND o.degree = 1) THEN 'other_degree'
            ELSE 'unexplained' END AS reason
FROM lacking l LEFT JOIN summed s USING (source, contact, degree) LEFT JOIN listed_any a USING (source, contact);

-- Listed, and not true. `backed`: records that name both do show it.
CREATE TEMP TABLE extra AS
WITH proof AS (
  SELECT contact_id, bool_or(inferred) AS inferred, bool_or(line) AS line, max(fault) AS fault, list(source || '/' || record_id ORDER BY source, record_id)[:2] AS records
  FROM proof_told GROUP BY contact_id
)
SELECT l.contact_id, l.source, l.contact, l.source_person, l.contact_person, l.degree, l.rule, coalesce(p.records, []) AS records,
       o.source IS NOT NULL AS backed,
       CASE WHEN l.strange THEN 'nobody_of_the_city'
            WHEN l.by_alias THEN 'unlinked_identifier'
            WHEN EXISTS (FROM true_pairs t WHERE t.source = l.source AND t.contact = l.contact AND t.degree < l.degree) AND l.degree = 1
                 AND EXISTS (FROM true_judged j WHERE j.source = l.source AND j.contact = l.contact AND NOT j.in_circle) THEN 'seat_not_told'
            WHEN EXISTS (FROM true_judged j WHERE j.source = l.source AND j.contact = l.contact AND NOT j.in_circle AND j.class = 0) AND l.degree = 1 THEN 'seat_not_told'
            WHEN p.line THEN 'line_without_vehicle'
            WHEN l.degree = 2 AND EXISTS (FROM true_pairs t WHERE t.contact = l.contact AND t.degree = 1) THEN 'truly_closer'
            WHEN l.degree = 2 AND NOT EXISTS (FROM true_pairs t WHERE t.contact = l.source AND t.degree = 1) THEN 'source_not_true'
            WHEN p.fault IS NOT NULL THEN 'fault:' || p.fault
            WHEN p.inferred THEN 'inferred_stay'
            WHEN EXISTS (FROM reviewed r WHERE r.person IN (l.source, l.contact)) THEN 'contested_identifier'
            WHEN EXISTS (FROM true_pairs t WHERE t.source = l.source AND t.contact = l.contact) THEN 'other_degree'
            WHEN o.source IS NOT NULL THEN 'told_wider'
            ELSE 'unexplained' END AS reason
FROM (FROM listed ANTI JOIN true_pairs USING (source, contact, degree)) l
LEFT JOIN proof p USING (contact_id) LEFT JOIN told_pairs o USING (source, contact, degree);

-- True, and shown by no records: the weaker of both sides says why.
CREATE TEMP TABLE unrecorded AS
WITH dark AS (FROM true_pairs ANTI JOIN told_pairs USING (source, contact, degree)),
asked AS (SELECT d.source, d.contact, d.degree, r.place, r.since_ms, r.until_ms FROM dark d JOIN true_rows r USING (source, contact, degree)),
sides AS (SELECT *, source AS person FROM asked UNION ALL SELECT *, contact AS person FROM asked),
near AS (FROM (SELECT person, place, house, since_ms, until_ms, knows, destroyed, fault FROM said) n SEMI JOIN sides USING (person)),
best AS (
  SELECT s.source, s.contact, s.degree, s.place, s.since_ms, s.person,
         coalesce(max(CASE WHEN n.since_ms >= s.until_ms OR n.until_ms <= s.since_ms THEN 1 WHEN n.destroyed THEN 3 WHEN NOT n.knows THEN 2 ELSE 4 END), 0) AS state,
         max(CASE WHEN n.destroyed THEN n.fault END) AS fault
  FROM sides s LEFT JOIN near n ON n.person = s.person AND (n.place = s.place OR n.house = s.place)
  GROUP BY ALL
), weaker AS (
  SELECT source, contact, degree, place, since_ms, min(state) AS state, max(fault) AS fault FROM best GROUP BY ALL
), pair AS (SELECT source, contact, degree, max(state) AS state, max(fault) AS fault FROM weaker GROUP BY ALL)
SELECT d.source, d.contact, d.degree,
       CASE WHEN EXISTS (FROM told_pairs o WHERE o.source = d.source AND o.contact = d.contact) THEN 'other_degree'
            WHEN p.state = 3 THEN 'fault:' || coalesce(p.fault, '')
            WHEN d.degree = 2 AND NOT EXISTS (FROM told_pairs o WHERE o.contact = d.source AND o.degree = 1) THEN 'source_not_recorded'
            WHEN p.state = 0 THEN 'nothing_recorded'
            WHEN p.state = 2 THEN 'unlinked_identifier'
            ELSE 'times_apart' END AS reason
FROM dark d LEFT JOIN pair p USING (source, contact, degree);
