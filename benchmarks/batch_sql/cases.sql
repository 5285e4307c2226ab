-- All current cases with their windows (docs/rules.md, section 4). Of tubes the positive ones alone are looked at, and
-- the negative ones of those whose window a negative may open.

CREATE OR REPLACE TEMP TABLE results AS
SELECT rec, event_ms, tube, result FROM results_kept
SEMI JOIN (SELECT tube FROM results_kept WHERE result = result_positive()) p USING (tube);

CREATE OR REPLACE TEMP TABLE swabbed AS
SELECT rec, ident, tube, sampled_ms, pool_size FROM samples_kept SEMI JOIN results USING (tube);

CREATE OR REPLACE TEMP TABLE health_asked AS
SELECT ident, event_ms AS t FROM reports_kept WHERE classification <> classification_excluded()
UNION SELECT ident, sampled_ms FROM swabbed
UNION SELECT ident, admitted_ms FROM admissions_kept
UNION SELECT ident, discharged_ms FROM discharges_kept;

CREATE OR REPLACE TEMP TABLE health_persons AS FROM resolved('health_asked');

CREATE OR REPLACE TEMP TABLE counted_reports AS
SELECT f.rec, h.person, f.event_ms, f.classification, f.discovery,
       CASE WHEN f.onset_ms <> unknown_ms() THEN f.onset_ms END AS onset_ms,
       CASE WHEN f.reported_ms <> unknown_ms() THEN f.reported_ms END AS reported_ms
FROM reports_kept f JOIN health_persons h ON h.ident = f.ident AND h.t = f.event_ms
WHERE f.classification <> classification_excluded();

CREATE OR REPLACE TEMP TABLE positive_singles AS
WITH
  samples AS (
    SELECT s.*, h.person FROM swabbed s JOIN health_persons h ON h.ident = s.ident AND h.t = s.sampled_ms
  ),
  tubes AS (SELECT tube FROM samples GROUP BY tube HAVING count(DISTINCT person) = 1)
SELECT rec, person, tube, sampled_ms FROM samples SEMI JOIN tubes USING (tube) WHERE pool_size = 1;

CREATE OR REPLACE TEMP TABLE stays AS
WITH
  admissions AS (
    SELECT f.rec, h.person, f.admitted_ms, f.site, f.room
    FROM admissions_kept f JOIN health_persons h ON h.ident = f.ident AND h.t = f.admitted_ms
  ),
  discharges AS (
    SELECT h.person, f.discharged_ms
    FROM discharges_kept f JOIN health_persons h ON h.ident = f.ident AND h.t = f.discharged_ms
  )
SELECT a.rec, a.person, a.admitted_ms, a.site, a.room, coalesce(min(d.discharged_ms), open_ms()) AS until_ms
FROM admissions a LEFT JOIN discharges d ON d.person = a.person AND d.discharged_ms > a.admitted_ms
GROUP BY ALL;

-- as in the oracle: suspects

CREATE OR REPLACE TEMP TABLE screened AS
SELECT c.person FROM suspects c JOIN packs k ON k.pack = c.pack AND k.last_negative_opens
WHERE c.screened AND c.first_positive_ms IS NOT NULL;

CREATE OR REPLACE TEMP TABLE screened_samples AS
WITH theirs AS (
  FROM screened
  UNION
  SELECT s.ident FROM spans s SEMI JOIN screened c ON c.person = s.person
)
SELECT f.ident, f.tube, f.sampled_ms AS t FROM samples_kept f SEMI JOIN theirs ON theirs.person = f.ident;

CREATE OR REPLACE TEMP TABLE negatives AS
WITH verdicts AS (
  SELECT tube FROM results_kept SEMI JOIN screened_samples USING (tube)
  GROUP BY tube HAVING bool_or(result = result_negative()) AND NOT bool_or(result = result_positive())
)
SELECT r.person, s.t AS sampled_ms
FROM screened_samples s SEMI JOIN verdicts USING (tube)
JOIN resolved('screened_samples') r ON r.ident = s.ident AND r.t = s.t;

-- as in the oracle: opened, cases_asked, cases
