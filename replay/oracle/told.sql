-- Transfers, section 2: what is told, whose way it belongs to, and in which order.

CREATE TEMP TABLE told_asked AS
SELECT f.ident, f.at_ms AS t FROM raw_decisions f JOIN standing s ON s."row" = f."row"
UNION SELECT f.ident, f.at_ms FROM raw_receipts f JOIN standing s ON s."row" = f."row" WHERE f.ident <> 0
UNION SELECT f.ident, f.at_ms FROM raw_acks f JOIN standing s ON s."row" = f."row";

CREATE TEMP TABLE told_persons AS FROM resolved('told_asked');

CREATE TEMP TABLE decisions AS
SELECT s.rec, p.person, f.purpose, f.step, f.at_ms, f.run, f.vehicle, f.site, f.room
FROM raw_decisions f JOIN standing s ON s."row" = f."row"
JOIN told_persons p ON p.ident = f.ident AND p.t = f.at_ms;

-- `person`: null where the receipt is told of the run alone.
CREATE TEMP TABLE receipts AS
SELECT row_number() OVER () AS receipt, s.rec, p.person, f.step, f.at_ms, f.run, f.vehicle, f.site
FROM raw_receipts f JOIN standing s ON s."row" = f."row"
LEFT JOIN (FROM told_persons WHERE ident <> 0) p ON p.ident = f.ident AND p.t = f.at_ms;

CREATE TEMP TABLE assigns AS FROM decisions WHERE step = step_assign();

-- Told of a run: it concerns everybody whose last assignment until then is to it.
CREATE TEMP TABLE told_of_runs AS
SELECT DISTINCT r.receipt, r.rec, a.person, a.purpose, r.step, r.at_ms, r.run, r.vehicle, r.site, 0::BIGINT AS room
FROM receipts r JOIN assigns a ON a.run = r.run AND a.at_ms <= r.at_ms
WHERE r.person IS NULL AND r.run <> 0
  AND NOT EXISTS (
    FROM assigns o
    WHERE o.person = a.person AND o.purpose = a.purpose AND o.run <> a.run AND o.at_ms <= r.at_ms
      AND (o.at_ms > a.at_ms OR (o.at_ms = a.at_ms AND o.rec > a.rec))
  );

-- Told of a person: receipts, admissions, discharges. `takes`: of the site of the last two; 0 if it is not known.
CREATE TEMP TABLE told_of_persons AS
SELECT receipt, rec, person, step, at_ms, run, vehicle, site, 0::BIGINT AS room, 0::BIGINT AS takes
FROM receipts WHERE person IS NOT NULL
UNION ALL
SELECT 0, a.rec, a.person, step_admit(), a.admitted_ms, 0, 0, a.site, a.room, coalesce(k.takes, 0)
FROM stays a LEFT JOIN sites k ON k.site = a.site
UNION ALL
SELECT 0, s.rec, p.person, step_discharge(), f.discharged_ms, 0, 0, f.site, 0, coalesce(k.takes, 0)
FROM raw_discharges f JOIN standing s ON s."row" = f."row"
JOIN health_persons p ON p.ident = f.ident AND p.t = f.discharged_ms
LEFT JOIN sites k ON k.site = f.site;

CREATE TEMP TABLE attributed AS
WITH
  planned AS (SELECT person, run, max(purpose) AS purpose FROM assigns WHERE run <> 0 GROUP BY person, run),
  judged AS (
    SELECT t.*,
      CASE WHEN p.purpose IS NOT NULL THEN [p.purpose]
           WHEN t.takes = takes_cases() THEN [purpose_hospital(), purpose_isolate()]
           WHEN has(t.takes, takes_close() | takes_secondary()) AND NOT has(t.takes, takes_cases())
             THEN [purpose_isolate()]
           WHEN h.needed_ms <= t.at_ms THEN [purpose_hospital()]
           ELSE [purpose_isolate()] END AS purposes
    FROM told_of_persons t
    LEFT JOIN planned p ON p.person = t.person AND p.run = t.run
    LEFT JOIN calls h ON h.person = t.person AND h.purpose = purpose_hospital()
  )
SELECT rec, person, unnest(purposes) AS purpose, step, at_ms, run, vehicle, site, room FROM judged;

CREATE TEMP TABLE items AS
WITH told AS (
  SELECT records[1] AS rec, person, purpose, step_call() AS step, needed_ms AS at_ms, 0::BIGINT AS run,
         0::BIGINT AS vehicle, 0::BIGINT AS site, 0::BIGINT AS room, source, records
  FROM calls
  UNION ALL BY NAME
  SELECT rec, person, purpose, step, at_ms, run, vehicle, site, room, 0 AS source, [rec] AS records FROM decisions
  UNION ALL BY NAME
  SELECT rec, person, purpose, step, at_ms, run, vehicle, site, room, 0 AS source, [rec] AS records FROM told_of_runs
  UNION ALL BY NAME
  SELECT rec, person, purpose, step, at_ms, run, vehicle, site, room, 0 AS source, [rec] AS records FROM attributed
)
SELECT told.*, dense_rank() OVER (ORDER BY person, purpose) AS way,
       row_number() OVER (PARTITION BY person, purpose
                          ORDER BY at_ms, step, rec, source, run, vehicle, site, room) AS n
FROM told;

CREATE TEMP TABLE ways AS SELECT DISTINCT way, person, purpose FROM items;
