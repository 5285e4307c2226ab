-- The contacts of all cases, and theirs (docs/rules.md, sections 5 to 7): only presences at places of the infectious in
-- their time are met with others, and only who was met is resolved.

-- as in the oracle: case_windows

CREATE OR REPLACE TEMP TABLE infectious AS FROM presences_within('case_windows');
CREATE OR REPLACE TEMP TABLE case_overlaps AS FROM together('infectious');
CREATE OR REPLACE TEMP TABLE met_persons AS FROM resolved('case_overlaps');
CREATE OR REPLACE TEMP TABLE case_meetings AS
SELECT m.*, r.person AS contact
FROM case_overlaps m JOIN met_persons r ON r.ident = m.ident AND r.t = m.t
WHERE r.person <> m.source;

-- as in the oracle: rides, seated, exposures, exposure_groups, deciding_groups, deciding_exposures

CREATE OR REPLACE TEMP TABLE contacts AS
WITH
  decided AS (
    SELECT DISTINCT ON (source, contact) source, contact, pack, class, category
    FROM deciding_groups
    ORDER BY source, contact, certainty DESC, together_ms DESC, rule
  ),
  firsts AS (SELECT source, contact, min(since_ms) AS first_ms FROM deciding_exposures GROUP BY source, contact)
SELECT d.source, d.contact, CASE WHEN d.class = class_close() THEN 1 ELSE 0 END::BIGINT AS degree, d.source AS root,
       d.class, d.category, f.first_ms, d.pack
FROM decided d JOIN firsts f ON f.source = d.source AND f.contact = d.contact;
