-- Section 13: findings. What is wrong in the rows of contacts under control.

CREATE TEMP TABLE order_rows AS
SELECT s.rec, s.event_ms AS t, o.* EXCLUDE ("row")
FROM raw_orders o JOIN standing s ON s."row" = o."row";

CREATE TEMP TABLE orders_asked AS
SELECT ident, t FROM order_rows
UNION SELECT case_ident, t FROM order_rows WHERE case_ident <> 0
UNION SELECT contact_ident, t FROM order_rows WHERE contact_ident <> 0;

CREATE TEMP TABLE order_persons AS FROM resolved('orders_asked');

-- Each order with its people (null where none is named) and the pack in force.
CREATE TEMP TABLE ordered AS
SELECT o.*, p.person, c.person AS related, l.person AS linked, k.pack
FROM order_rows o
JOIN order_persons p ON p.ident = o.ident AND p.t = o.t
LEFT JOIN order_persons c ON c.ident = o.case_ident AND c.t = o.t
LEFT JOIN order_persons l ON l.ident = o.contact_ident AND l.t = o.t
JOIN packs k ON k.since_day <= local_day(o.t) AND local_day(o.t) < k.until_day;

CREATE TEMP TABLE known_close AS
SELECT person FROM cases
UNION SELECT contact FROM contacts WHERE degree = 1
UNION SELECT person FROM ordered WHERE degree = degree_close();

CREATE TEMP TABLE homes_asked AS
SELECT DISTINCT h.ident, h.since_ms AS t FROM raw_homes h JOIN standing s ON s."row" = h."row";

CREATE TEMP TABLE homes AS
SELECT s.rec, r.person, h.place, h.since_ms, h.until_ms
FROM raw_homes h
JOIN standing s ON s."row" = h."row"
JOIN resolved('homes_asked') r ON r.ident = h.ident AND r.t = h.since_ms;

-- In which streets other records put the homes of those under control, at the time of the order.
CREATE TEMP TABLE streets_told AS
SELECT q.person, q.t, l.street, h.rec AS home_rec, s.rec AS street_rec
FROM (SELECT DISTINCT person, t FROM ordered) q
JOIN homes h ON h.person = q.person AND h.since_ms <= q.t AND q.t < h.until_ms
JOIN raw_streets l ON l.place = h.place AND l.since_ms <= q.t AND q.t < l.until_ms
JOIN standing s ON s."row" = l."row";

-- The other records that show an error, by person and instant of the order.
CREATE TEMP TABLE home_records AS
SELECT person, t, list_distinct(list(home_rec) || list(street_rec)) AS records FROM streets_told GROUP BY person, t;

CREATE TEMP TABLE shown AS
SELECT rec, person, t, pack, 'trace_missing' AS kind, []::BIGINT[] AS records
FROM ordered WHERE trace = trace_missing()
UNION ALL
SELECT rec, person, t, pack, 'province_missing', [] FROM ordered WHERE province = 0
UNION ALL
SELECT rec, person, t, pack, 'last_contact_missing', []
FROM ordered WHERE degree IN (degree_close(), degree_secondary()) AND last_contact_ms = unknown_ms()
UNION ALL
SELECT rec, person, t, pack, 'case_missing', [] FROM ordered WHERE degree = degree_close() AND related IS NULL
UNION ALL
SELECT rec, person, t, pack, 'case_unknown', []
FROM ordered WHERE degree = degree_close() AND related IS NOT NULL AND related NOT IN (SELECT person FROM cases)
UNION ALL
SELECT rec, person, t, pack, 'contact_missing', [] FROM ordered WHERE degree = degree_secondary() AND linked IS NULL
UNION ALL
SELECT rec, person, t, pack, 'contact_unknown', []
FROM ordered WHERE degree = degree_secondary() AND linked IS NOT NULL AND linked NOT IN (SELECT person FROM known_close)
UNION ALL
SELECT rec, person, t, pack, 'central_unsettled', []
FROM ordered
WHERE mode = mode_central() AND site = 0 AND checked_in_ms = unknown_ms()
  AND trace IN (trace_missing(), trace_controlled())
UNION ALL
SELECT o.rec, o.person, o.t, o.pack, 'transfer_done', []
FROM ordered o JOIN packs k ON k.pack = o.pack
WHERE o.trace = trace_awaiting_transfer() AND o.checked_in_ms <> unknown_ms() AND o.last_contact_ms <> unknown_ms()
  AND local_day(o.checked_in_ms) - local_day(o.last_contact_ms) BETWEEN k.checked_in_days_min AND k.checked_in_days_max
UNION ALL
SELECT o.rec, o.person, o.t, o.pack, 'case_as_contact', r.records
FROM ordered o JOIN packs k ON k.pack = o.pack JOIN case_records r ON r.person = o.person
WHERE NOT list_contains(k.case_statuses, o.status)
UNION ALL
SELECT rec, person, t, pack, 'case_unreported', []
FROM ordered
WHERE status IN (status_asymptomatic(), status_confirmed()) AND person NOT IN (SELECT person FROM cases)
UNION ALL
SELECT o.rec, o.person, o.t, o.pack, 'wrong_street', h.records
FROM ordered o JOIN home_records h ON h.person = o.person AND h.t = o.t
WHERE o.street <> 0
  AND o.street NOT IN (SELECT s.street FROM streets_told s WHERE s.person = o.person AND s.t = o.t);

CREATE TEMP VIEW view_findings AS
SELECT s.rec AS record, s.kind, s.person, s.t AS since_ms,
       list_sort(list_distinct(flatten(list(s.records || [s.rec])))) AS records, f.rule, k.name AS pack
FROM shown s
JOIN finding_rules f ON f.pack = s.pack AND f.kind = s.kind
JOIN packs k ON k.pack = s.pack
GROUP BY s.rec, s.kind, s.person, s.t, f.rule, k.name;
