-- Section 5: exposures. Who was where together with whom while it mattered, and what the pack makes of it.

-- The presences of the people of a table of windows (source, pack, since_ms, until_ms, kinds), cut to the window.
-- `asked`: the table (ident, t) of all presences that may be theirs. `kinds`: null for every kind.
CREATE TEMP MACRO presences_within(windows, asked) AS TABLE
SELECT w.source, w.pack, p.rec, p.place, p.kind, p.flags, p.seat, p.certainty,
       greatest(p.since_ms, w.since_ms) AS since_ms, least(p.until_ms, w.until_ms) AS until_ms
FROM presences p
JOIN resolved(asked) r ON r.ident = p.ident AND r.t = p.since_ms
JOIN query_table(windows) w ON w.source = r.person
WHERE greatest(p.since_ms, w.since_ms) < least(p.until_ms, w.until_ms)
  AND (w.kinds IS NULL OR list_contains(w.kinds, p.kind));

-- Every presence y that overlaps such a presence x at the same place; its person still to be resolved. A record that
-- calls the place a venue may know less of it than the other one.
CREATE TEMP MACRO together(xs) AS TABLE
SELECT x.source, x.pack, x.place, CASE WHEN x.kind = kind_venue() THEN y.kind ELSE x.kind END AS kind,
       x.rec AS x_rec, x.flags AS x_flags, x.seat AS x_seat,
       y.ident, y.since_ms AS t, y.rec AS y_rec, y.flags AS y_flags, y.seat AS y_seat,
       least(x.certainty, y.certainty) AS certainty,
       greatest(x.since_ms, y.since_ms) AS since_ms, least(x.until_ms, y.until_ms) AS until_ms
FROM query_table(xs) x
JOIN presences y ON y.place = x.place AND y.since_ms < x.until_ms AND x.since_ms < y.until_ms
WHERE greatest(x.since_ms, y.since_ms) < least(x.until_ms, y.until_ms)
  AND NOT (has(x.flags, flag_aboard()) AND has(y.flags, flag_aboard()));

-- The same with the other's person, without meetings of somebody with themselves.
CREATE TEMP MACRO meetings(met) AS TABLE
SELECT m.*, r.person AS contact
FROM query_table(met) m JOIN resolved(met) r ON r.ident = m.ident AND r.t = m.t
WHERE r.person <> m.source;

CREATE TEMP TABLE case_windows AS
SELECT person AS source, person, pack, window_since_ms AS since_ms, window_until_ms AS until_ms, NULL::BIGINT[] AS kinds
FROM cases WHERE window_since_ms < window_until_ms;

CREATE TEMP TABLE case_asked AS FROM presences_asked('case_windows');
CREATE TEMP TABLE infectious AS FROM presences_within('case_windows', 'case_asked');
CREATE TEMP TABLE case_overlaps AS FROM together('infectious');
CREATE TEMP TABLE case_meetings AS FROM meetings('case_overlaps');

-- Seats (schemas/seats.py): 0 is missing.
CREATE TEMP MACRO carriage(seat) AS seat >> 41;
CREATE TEMP MACRO compartment(seat) AS (seat >> 20) & 2097151;
CREATE TEMP MACRO row_until(seat) AS (seat >> 10) & 1023;
CREATE TEMP MACRO row_from(seat) AS seat & 1023;
CREATE TEMP MACRO has_bay_number(seat) AS compartment(seat) BETWEEN 1 AND numeric_max() - 1;
CREATE TEMP MACRO bay_from(seat) AS CASE WHEN has_bay_number(seat) THEN compartment(seat) - 1 ELSE row_from(seat) END;
CREATE TEMP MACRO bay_until(seat) AS CASE WHEN has_bay_number(seat) THEN compartment(seat) - 1 ELSE row_until(seat) END;
CREATE TEMP MACRO gap(x_from, x_until, y_from, y_until) AS greatest(0, x_from - y_until, y_from - x_until);

-- How one field is judged: 0 match, 1 unknown, 2 differ. A side that lacks it answers for its own lack.
CREATE TEMP MACRO judged(x_known, y_known, agree, x_crew, y_crew) AS
  CASE WHEN x_known AND y_known THEN CASE WHEN agree THEN 0 ELSE 2 END
       WHEN x_known THEN CASE WHEN y_crew THEN 0 ELSE 1 END
       WHEN y_known THEN CASE WHEN x_crew THEN 0 ELSE 1 END
       WHEN x_crew OR y_crew THEN 0
       ELSE 1 END;

CREATE TEMP MACRO is_sealed(flags) AS
  CASE WHEN has(flags, flag_sealed()) THEN true WHEN has(flags, flag_ventilated()) THEN false END;

-- Rides, each with its rule and scope.
CREATE TEMP TABLE rides AS
SELECT m.*, r.rule, r.category, r.result, r.rest, r.distance,
       CASE WHEN has(m.x_flags, flag_soft_sleeper()) AND r.soft_sleeper_scope = 'compartment' THEN 'compartment'
            ELSE r.scope END AS scope,
       has(m.x_flags, flag_crew()) AS x_crew, has(m.y_flags, flag_crew()) AS y_crew,
       k.symptoms_enabled AND has(m.x_flags, flag_symptomatic()) AS symptomatic
FROM case_meetings m
JOIN packs k ON k.pack = m.pack
JOIN ride_rules r ON r.pack = m.pack AND r.kind = m.kind
 AND r.sealed = coalesce(is_sealed(m.x_flags), is_sealed(m.y_flags), k.sealed_assumed)
WHERE m.kind >= first_vehicle();

-- The circle: the worst field decides. Crew without any seat serves the whole vehicle.
CREATE TEMP TABLE seated AS
SELECT *,
  CASE WHEN symptomatic OR scope = 'all' OR (x_crew AND y_crew) OR (x_crew AND x_seat = 0) OR (y_crew AND y_seat = 0)
       THEN 0
       ELSE greatest(
         CASE WHEN kind IN (kind_train(), kind_metro())
              THEN judged(carriage(x_seat) > 0, carriage(y_seat) > 0, carriage(x_seat) = carriage(y_seat),
                          x_crew, y_crew)
              ELSE 0 END,
         CASE scope
           WHEN 'rows' THEN judged(
             row_from(x_seat) > 0, row_from(y_seat) > 0,
             gap(row_from(x_seat), row_until(x_seat), row_from(y_seat), row_until(y_seat)) <= distance, x_crew, y_crew)
           WHEN 'compartment' THEN judged(
             compartment(x_seat) > 0, compartment(y_seat) > 0, compartment(x_seat) = compartment(y_seat),
             x_crew, y_crew)
           WHEN 'bays' THEN judged(
             has_bay_number(x_seat) OR row_from(x_seat) > 0, has_bay_number(y_seat) OR row_from(y_seat) > 0,
             gap(bay_from(x_seat), bay_until(x_seat), bay_from(y_seat), bay_until(y_seat)) <= distance,
             x_crew, y_crew)
           ELSE 0 END)
  END AS circle
FROM rides;

CREATE TEMP TABLE exposures AS
SELECT m.source, m.contact, m.place, m.kind, m.since_ms, m.until_ms, m.x_rec, m.y_rec, r.rule, r.result AS class,
       r.category, m.certainty, m.pack, true AS in_circle
FROM case_meetings m JOIN place_rules r ON r.pack = m.pack AND r.kind = m.kind
WHERE m.kind < first_vehicle()
UNION ALL
SELECT s.source, s.contact, s.place, s.kind, s.since_ms, s.until_ms, s.x_rec, s.y_rec,
       CASE WHEN symptomatic THEN k.symptoms_rule ELSE s.rule END,
       CASE WHEN symptomatic THEN k.symptoms_result WHEN circle = 2 THEN s.rest ELSE s.result END,
       CASE WHEN symptomatic THEN k.symptoms_category ELSE s.category END,
       CASE WHEN circle = 1 THEN certainty_low() ELSE s.certainty END,
       s.pack, circle < 2
FROM seated s JOIN packs k ON k.pack = s.pack;

CREATE TEMP VIEW view_exposures AS
SELECT e.source AS case_person, e.contact AS contact_person, e.place, e.kind AS place_kind, e.since_ms, e.until_ms,
       e.x_rec AS case_record, e.y_rec AS contact_record, e.rule, e.class, e.category, e.certainty, packs.name AS pack
FROM exposures e JOIN packs USING (pack);
