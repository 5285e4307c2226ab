-- Section 3: presences, their ends and certainty. Whose they are is resolved where it matters.

CREATE TEMP MACRO has(flags, flag) AS (flags & flag) <> 0;

CREATE TEMP TABLE presences AS
SELECT s.rec, p.ident, p.place, p.kind, p.since_ms, p.flags, p.seat,
       CASE WHEN p.until_ms = unknown_ms() THEN p.since_ms + d.dwell_ms ELSE p.until_ms END AS until_ms,
       CASE WHEN has(p.flags, flag_vague()) THEN certainty_low()
            WHEN has(p.flags, flag_since_inferred() | flag_until_inferred()) OR p.until_ms = unknown_ms()
              THEN certainty_medium()
            ELSE certainty_high() END AS certainty
FROM raw_presences p
JOIN standing s ON s."row" = p."row"
JOIN packs ON packs.since_day <= local_day(p.since_ms) AND local_day(p.since_ms) < packs.until_day
JOIN dwell d ON d.pack = packs.pack AND d.kind = p.kind;

-- What is to be resolved to find the presences of the people in a table (person): rows (ident, t).
CREATE TEMP MACRO presences_asked(people) AS TABLE
SELECT DISTINCT p.ident, p.since_ms AS t
FROM presences p SEMI JOIN identifiers_of(people) i ON i.ident = p.ident;
