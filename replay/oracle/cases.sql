-- Section 4: cases, their windows, and stays in isolation.

CREATE TEMP TABLE health_asked AS
SELECT f.ident, s.event_ms AS t FROM raw_reports f JOIN standing s ON s."row" = f."row"
UNION SELECT f.ident, f.sampled_ms FROM raw_samples f JOIN standing s ON s."row" = f."row"
UNION SELECT f.ident, f.admitted_ms FROM raw_admissions f JOIN standing s ON s."row" = f."row"
UNION SELECT f.ident, f.discharged_ms FROM raw_discharges f JOIN standing s ON s."row" = f."row";

CREATE TEMP TABLE health_persons AS FROM resolved('health_asked');

CREATE TEMP TABLE counted_reports AS
SELECT s.rec, h.person, s.event_ms, f.classification, f.discovery,
       CASE WHEN f.onset_ms <> unknown_ms() THEN f.onset_ms END AS onset_ms,
       CASE WHEN f.reported_ms <> unknown_ms() THEN f.reported_ms END AS reported_ms
FROM raw_reports f JOIN standing s ON s."row" = f."row"
JOIN health_persons h ON h.ident = f.ident AND h.t = s.event_ms
WHERE f.classification <> classification_excluded();

CREATE TEMP TABLE samples AS
SELECT s.rec, h.person, f.tube, f.sampled_ms, f.pool_size
FROM raw_samples f JOIN standing s ON s."row" = f."row"
JOIN health_persons h ON h.ident = f.ident AND h.t = f.sampled_ms;

CREATE TEMP TABLE tubes AS
SELECT tube, count(DISTINCT person) AS members, bool_or(pool_size = 1) AS declared_single, min(sampled_ms) AS first_ms
FROM samples GROUP BY tube;

CREATE TEMP TABLE results AS
SELECT s.rec, f.tube, f.result FROM raw_results f JOIN standing s ON s."row" = f."row";

CREATE TEMP TABLE verdicts AS
SELECT tube, bool_or(result = result_positive()) AS positive, bool_or(result = result_negative()) AS negative
FROM results GROUP BY tube;

CREATE TEMP TABLE positive_singles AS
SELECT s.rec, s.person, s.tube, s.sampled_ms
FROM samples s JOIN tubes t ON t.tube = s.tube JOIN verdicts v ON v.tube = s.tube
WHERE s.pool_size = 1 AND t.members = 1 AND v.positive;

CREATE TEMP TABLE negatives AS
SELECT s.person, s.sampled_ms FROM samples s JOIN verdicts v ON v.tube = s.tube WHERE v.negative AND NOT v.positive;

CREATE TEMP TABLE stays AS
WITH
  admissions AS (
    SELECT s.rec, h.person, f.admitted_ms, f.site, f.room
    FROM raw_admissions f JOIN standing s ON s."row" = f."row"
    JOIN health_persons h ON h.ident = f.ident AND h.t = f.admitted_ms
  ),
  discharges AS (
    SELECT h.person, f.discharged_ms
    FROM raw_discharges f JOIN standing s ON s."row" = f."row"
    JOIN health_persons h ON h.ident = f.ident AND h.t = f.discharged_ms
  )
SELECT a.rec, a.person, a.admitted_ms, a.site, a.room, coalesce(d.discharged_ms, open_ms()) AS until_ms
FROM admissions a ASOF LEFT JOIN discharges d ON d.person = a.person AND d.discharged_ms > a.admitted_ms;

-- For each row of a table (person, after_ms): the least admission among the stays that end after that; else null.
CREATE TEMP MACRO isolations(asked) AS TABLE
SELECT q.person, q.after_ms, min(s.admitted_ms) AS isolated_at_ms
FROM query_table(asked) q LEFT JOIN stays s ON s.person = q.person AND s.until_ms > q.after_ms
GROUP BY q.person, q.after_ms;

-- Everybody who is a case, with anchor and pack; unknown times are null until the view is made.
CREATE TEMP TABLE suspects AS
WITH
  reported AS (
    SELECT person, max(classification) AS classification, min(onset_ms) AS onset_ms, min(reported_ms) AS reported_ms,
           min(event_ms) AS event_ms, bool_or(discovery = discovery_screening()) AS screened
    FROM counted_reports GROUP BY person
  ),
  sampled AS (SELECT person, min(sampled_ms) AS first_positive_ms FROM positive_singles GROUP BY person),
  people AS (
    SELECT coalesce(r.person, s.person) AS person, onset_ms, reported_ms, first_positive_ms, event_ms,
           coalesce(screened, false) AS screened, least(onset_ms, first_positive_ms) AS anchor_ms,
           greatest(classification, CASE WHEN s.person IS NOT NULL THEN classification_positive() END) AS classification
    FROM reported r FULL JOIN sampled s ON s.person = r.person
  )
SELECT people.*, packs.pack
FROM people JOIN packs
  ON packs.since_day <= local_day(coalesce(anchor_ms, event_ms))
 AND local_day(coalesce(anchor_ms, event_ms)) < packs.until_day;

CREATE TEMP TABLE opened AS
WITH last_negatives AS (
  SELECT c.person, max(n.sampled_ms) AS last_negative_ms
  FROM suspects c
  JOIN packs k ON k.pack = c.pack AND k.last_negative_opens
  JOIN negatives n ON n.person = c.person AND n.sampled_ms < c.first_positive_ms
  WHERE c.screened
  GROUP BY c.person
)
SELECT c.*, coalesce(n.last_negative_ms, day_start(local_day(c.anchor_ms) - k.lookback_days)) AS window_since_ms,
       CASE WHEN c.anchor_ms IS NULL THEN 'none'
            WHEN n.last_negative_ms IS NOT NULL THEN 'CC-3'
            WHEN c.onset_ms = c.anchor_ms THEN 'CC-1-onset'
            ELSE 'CC-1-sampling' END AS window_rule,
       CASE WHEN k.days_after_anchor_max >= 0
            THEN day_start(local_day(c.anchor_ms) + k.days_after_anchor_max + 1) END AS limit_ms
FROM suspects c
JOIN packs k ON k.pack = c.pack
LEFT JOIN last_negatives n ON n.person = c.person;

-- A case without dates has no window to be isolated after; any stay counts.
CREATE TEMP TABLE cases_asked AS
SELECT person, coalesce(window_since_ms, unknown_ms()) AS after_ms FROM opened;

CREATE TEMP TABLE cases AS
SELECT o.*, i.isolated_at_ms,
       CASE WHEN o.window_since_ms IS NOT NULL
            THEN greatest(o.window_since_ms, least(i.isolated_at_ms, o.limit_ms, open_ms())) END AS window_until_ms
FROM opened o JOIN isolations('cases_asked') i ON i.person = o.person;

CREATE TEMP TABLE case_records AS
WITH proofs AS (
  SELECT person, rec FROM counted_reports
  UNION SELECT person, rec FROM positive_singles
  UNION SELECT p.person, r.rec
        FROM positive_singles p JOIN results r ON r.tube = p.tube AND r.result = result_positive()
  UNION SELECT person, rec FROM stays
)
SELECT person, list(rec ORDER BY rec) AS records FROM proofs SEMI JOIN cases USING (person) GROUP BY person;

CREATE TEMP VIEW view_cases AS
SELECT c.person AS case_person, c.classification,
       coalesce(c.onset_ms, unknown_ms()) AS onset_at_ms,
       coalesce(c.first_positive_ms, unknown_ms()) AS first_positive_at_ms,
       coalesce(c.reported_ms, unknown_ms()) AS reported_at_ms,
       coalesce(c.isolated_at_ms, unknown_ms()) AS isolated_at_ms,
       coalesce(c.anchor_ms, unknown_ms()) AS anchor_at_ms,
       coalesce(c.window_since_ms, unknown_ms()) AS window_since_ms,
       coalesce(c.window_until_ms, unknown_ms()) AS window_until_ms,
       c.window_rule, packs.name AS pack, r.records
FROM cases c JOIN packs USING (pack) JOIN case_records r ON r.person = c.person;
