-- Transfers, section 4: what the last episode of each way amounts to.

-- E: the calls of the last episode, or all calls if it has none of its own.
CREATE TEMP TABLE episode_calls AS
WITH begun AS (
  SELECT way, person, purpose, CASE WHEN any_value(episode) = 0 THEN unknown_ms() ELSE min(at_ms) END AS since_ms
  FROM last_steps GROUP BY way, person, purpose
)
SELECT b.way, c.* FROM begun b JOIN calls c ON c.person = b.person AND c.purpose = b.purpose
QUALIFY c.needed_ms >= b.since_ms OR NOT bool_or(c.needed_ms >= b.since_ms) OVER (PARTITION BY b.way);

CREATE TEMP TABLE grounds AS
SELECT way, max(class) AS class, min(needed_ms) AS needed_ms, min(due_ms) AS due_ms, max(until_ms) AS until_ms,
       arg_min(pack, (due_ms, source)) AS pack
FROM episode_calls GROUP BY way;

-- What was there before each step of the last episode.
CREATE TEMP TABLE marked AS
WITH preceded AS (
  SELECT *,
    coalesce(bool_or(step = step_assign()) OVER earlier, false) AS assign_told,
    coalesce(bool_or(step = step_dispatch()) OVER earlier, false) AS dispatch_told,
    coalesce(bool_or(step = step_pickup()) OVER earlier, false) AS pickup_told,
    coalesce(bool_or(step = step_arrive()) OVER earlier, false) AS arrive_told,
    last_value(CASE WHEN step = step_assign() THEN named_run END IGNORE NULLS) OVER earlier AS assigned_run
  FROM last_steps
  WINDOW earlier AS (PARTITION BY way ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT *,
  CASE WHEN NOT changed THEN 0 ELSE
    CASE WHEN step IN (step_dispatch(), step_pickup(), step_arrive(), step_admit()) AND NOT assign_told
         THEN mark_skipped_assign() ELSE 0 END
    | CASE WHEN step IN (step_pickup(), step_arrive(), step_admit()) AND NOT dispatch_told
           THEN mark_skipped_dispatch() ELSE 0 END
    | CASE WHEN step IN (step_arrive(), step_admit()) AND NOT pickup_told THEN mark_skipped_pickup() ELSE 0 END
    | CASE WHEN step = step_admit() AND NOT arrive_told THEN mark_skipped_arrival() ELSE 0 END
  END AS skips,
  changed AND step IN (step_pickup(), step_arrive()) AND differ(named_run, assigned_run) AS on_other_run
FROM preceded;

CREATE TEMP TABLE odd AS
SELECT m.way, bit_or(
    m.mark
    | CASE WHEN m.changed AND m.step = step_admit() AND (m.before = state_none() OR m.at_ms <= g.needed_ms)
           THEN mark_already_there() ELSE m.skips END
    | CASE WHEN m.on_other_run THEN mark_other_run() ELSE 0 END
    | CASE WHEN m.changed AND m.step = step_discharge() AND EXISTS (
             FROM calls c
             WHERE c.person = m.person AND c.purpose = m.purpose AND c.until_ms <> open_ms()
               AND c.needed_ms <= m.at_ms AND m.at_ms < c.until_ms)
           THEN mark_released_early() ELSE 0 END) AS flags
FROM marked m LEFT JOIN grounds g ON g.way = m.way
GROUP BY m.way;

-- When the state last became another than those in which the clock stands still; being at home starts that anew.
CREATE TEMP TABLE restless AS
SELECT way, max(number) AS number FROM last_steps
WHERE changed AND after NOT IN (state_admitted(), state_released())
GROUP BY way;

CREATE TEMP TABLE times AS
SELECT l.way,
  max(at_ms) FILTER (changed AND step = step_order() AND after = state_ordered()) AS ordered_ms,
  max(at_ms) FILTER (step = step_assign() AND after = state_assigned()) AS assigned_ms,
  max(at_ms) FILTER (changed AND step = step_dispatch() AND after = state_dispatched()) AS dispatched_ms,
  max(at_ms) FILTER (changed AND step = step_pickup() AND after = state_aboard()) AS picked_up_ms,
  max(at_ms) FILTER (changed AND step = step_arrive() AND after = state_arrived()) AS arrived_ms,
  max(at_ms) FILTER (changed AND step = step_admit() AND after = state_admitted()) AS admitted_ms,
  max(at_ms) FILTER (changed AND step = step_discharge() AND after = state_released()) AS released_ms,
  max(at_ms) FILTER (changed AND step = step_home() AND after = state_home()) AS home_ms,
  min(at_ms) FILTER (changed AND after IN (state_admitted(), state_home()) AND l.number >= coalesce(r.number, 0))
    AS ended_ms
FROM last_steps l LEFT JOIN restless r ON r.way = l.way
GROUP BY l.way;

-- The last step of each way says what stands. A way without a call has lost its ground, unless it has ended.
CREATE TEMP TABLE rows_of_ways AS
WITH
  ends AS (FROM last_steps QUALIFY number = max(number) OVER (PARTITION BY way)),
  judged AS (
    SELECT e.way, e.person, e.purpose, e.run, e.vehicle, e.site, e.room, o.flags, e.after AS told,
      g.way IS NULL AS groundless,
      groundless AND e.purpose = purpose_isolate() AND e.person IN (SELECT person FROM cases) AS is_case
    FROM ends e JOIN odd o ON o.way = e.way LEFT JOIN grounds g ON g.way = e.way
  )
SELECT way, person, purpose, run, vehicle, site, room,
  CASE WHEN NOT groundless OR told IN (state_none(), state_released(), state_admitted()) THEN told
       WHEN is_case THEN state_superseded()
       WHEN told IN (state_aboard(), state_arrived()) THEN state_returning()
       ELSE state_cancelled() END AS state,
  flags | CASE WHEN groundless AND NOT is_case AND told IN (state_aboard(), state_arrived(), state_admitted())
               THEN mark_without_ground() ELSE 0 END AS flags
FROM judged;

-- Whose ways have a row: those who are called for, or of whom something was decided.
CREATE TEMP TABLE told_ways AS
SELECT person, purpose FROM calls UNION SELECT person, purpose FROM decisions;

-- Without a call: the pack in force at the first item.
CREATE TEMP TABLE way_packs AS
WITH firsts AS (SELECT way, min(at_ms) AS at_ms FROM steps GROUP BY way)
SELECT f.way, coalesce(g.pack, k.pack) AS pack
FROM firsts f
JOIN packs k ON k.since_day <= local_day(f.at_ms) AND local_day(f.at_ms) < k.until_day
LEFT JOIN grounds g ON g.way = f.way;

CREATE TEMP VIEW view_transfer_steps AS
SELECT person, purpose, number, at_ms, step, before, after, (mark = mark_impossible())::BIGINT AS impossible,
       named_run AS run, named_vehicle AS vehicle, named_site AS site, named_room AS room, records
FROM steps SEMI JOIN told_ways USING (person, purpose);
