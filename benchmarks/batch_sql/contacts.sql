-- The contacts of all cases, and theirs (docs/rules.md, sections 5 to 7): only presences at places of the infectious in
-- their time are met with others, and only who was met is resolved.

-- as in the oracle: case_windows

CREATE OR REPLACE TEMP TABLE hot AS FROM presences_of('case_windows');
CREATE OR REPLACE TEMP TABLE hot_asked AS SELECT DISTINCT ident, since_ms AS t FROM hot;
CREATE OR REPLACE TEMP TABLE hot_persons AS FROM resolved('hot_asked');
CREATE OR REPLACE TEMP TABLE infectious AS FROM presences_in('case_windows', 'hot', 'hot_persons');
CREATE OR REPLACE TEMP TABLE case_overlaps AS FROM together('infectious');
CREATE OR REPLACE TEMP TABLE met_persons AS FROM resolved('case_overlaps');
CREATE OR REPLACE TEMP TABLE case_meetings AS
SELECT m.*, r.person AS contact
FROM case_overlaps m JOIN met_persons r ON r.ident = m.ident AND r.t = m.t
WHERE r.person <> m.source;

-- as in the oracle: rides, seated, exposures, exposure_groups, deciding_groups, deciding_exposures, contacts
