-- How far those have come of whom more was told than calls (docs/transfers.md, sections 2 to 4).

CREATE OR REPLACE TEMP TABLE sites AS
SELECT DISTINCT ON (site) site, takes FROM sites_kept ORDER BY site, since_ms DESC, rec DESC;

CREATE OR REPLACE TEMP TABLE all_calls AS FROM calls;
CREATE OR REPLACE TEMP TABLE calls AS FROM all_calls SEMI JOIN stirred USING (person);

-- as in the oracle: assigns, told_of_runs

CREATE OR REPLACE TEMP TABLE told_of_persons AS
SELECT receipt, rec, person, step, at_ms, run, vehicle, site, 0::BIGINT AS room, 0::BIGINT AS takes
FROM receipts WHERE person IS NOT NULL
UNION ALL
SELECT 0, a.rec, a.person, step_admit(), a.admitted_ms, 0, 0, a.site, a.room, coalesce(k.takes, 0)
FROM stays a SEMI JOIN stirred USING (person) LEFT JOIN sites k ON k.site = a.site
UNION ALL
SELECT 0, f.rec, p.person, step_discharge(), f.discharged_ms, 0, 0, f.site, 0, coalesce(k.takes, 0)
FROM discharges_kept f
JOIN health_persons p ON p.ident = f.ident AND p.t = f.discharged_ms
SEMI JOIN stirred ON stirred.person = p.person
LEFT JOIN sites k ON k.site = f.site;

-- as in the oracle: attributed, items, ways, folded

-- What the last item of each way leaves. A way without a call has lost its ground, unless it has ended.
CREATE OR REPLACE TEMP TABLE came AS
WITH
  ends AS (FROM folded WHERE NOT skipped QUALIFY n = max(n) OVER (PARTITION BY way)),
  judged AS (
    SELECT w.person, w.purpose, e.state, c.person IS NULL AS groundless,
           w.purpose = purpose_isolate() AND w.person IN (SELECT person FROM cases) AS is_case
    FROM ends e JOIN ways w ON w.way = e.way
    LEFT JOIN called c ON c.person = w.person AND c.purpose = w.purpose
    WHERE c.person IS NOT NULL OR (w.person, w.purpose) IN (SELECT (person, purpose) FROM decisions)
  )
SELECT person, purpose,
  CASE WHEN NOT groundless OR state IN (state_none(), state_released(), state_admitted()) THEN state
       WHEN is_case THEN state_superseded()
       WHEN state IN (state_aboard(), state_arrived()) THEN state_returning()
       ELSE state_cancelled() END AS state
FROM judged;
