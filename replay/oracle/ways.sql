-- Transfers, section 3: the machine, and the fold of every way's items, one item of all ways at a time.

-- As in docs/transfers.md: a state after, with the letter of a flag or a * for a new episode; = stays; ! cannot be.
CREATE TEMP TABLE machine AS
WITH
  states(words) AS (VALUES ([
    'none', 'needed', 'ordered', 'assigned', 'dispatched', 'aboard', 'arrived', 'admitted', 'released', 'refused',
    'home'])),
  rules(step, cells) AS (VALUES
    (step_call(), ['needed', '=', '=', '=', '=', '=', '=', '=', 'needed*', '=', '=']),
    (step_order(), ['ordered', 'ordered', '=', '=', '=', '=', '=', '=', '=', 'ordered', 'ordered']),
    (step_cancel(), ['=', '=', 'needed', 'needed', 'needed', '!', '!', '!', '=', 'needed', 'needed']),
    (step_home(), ['home', 'home', 'home', 'home', 'home', '!', '!', '!', '=', 'home', '=']),
    (step_assign(), ['assigned', 'assigned', 'assigned', 'assigned', 'assigned r', 'aboard r', 'aboard r', '!', '!',
                     'assigned', 'assigned']),
    (step_dispatch(), ['dispatched', 'dispatched', 'dispatched', 'dispatched', '=', '!', '!', '!', '!', 'dispatched',
                       '!']),
    (step_breakdown(), ['=', '=', '=', 'ordered b', 'ordered b', 'ordered b', '=', '=', '=', '=', '=']),
    (step_refuse(), ['refused f', 'refused f', 'refused f', 'refused f', 'refused f', '!', '!', '!', '!', '=', '=']),
    (step_pickup(), ['aboard', 'aboard', 'aboard', 'aboard', 'aboard', '=', '!', '!', '!', 'aboard', 'aboard']),
    (step_turn_away(), ['=', '=', '=', 'ordered t', 'ordered t', 'aboard t', 'aboard t', '!', '!', '=', '=']),
    (step_arrive(), ['arrived', 'arrived', 'arrived', 'arrived', 'arrived', 'arrived', '=', '!', '!', 'arrived',
                     'arrived']),
    (step_set_down(), ['=', '=', '=', 'needed', 'needed', 'needed', 'needed', '!', '=', '=', '=']),
    (step_admit(), ['admitted', 'admitted', 'admitted', 'admitted', 'admitted', 'admitted', 'admitted', '= m',
                    'admitted*', 'admitted', 'admitted']),
    (step_discharge(), ['!', '!', '!', '!', '!', '!', '!', 'released', '=', '!', '!'])
  ),
  cells AS (SELECT step, unnest(cells) AS cell, generate_subscripts(cells, 1) - 1 AS before FROM rules)
SELECT step, before,
       CASE WHEN cell[1] IN ('=', '!') THEN before
            ELSE list_position(words, regexp_extract(cell, '^[a-z_]+')) - 1 END::BIGINT AS after,
       CASE WHEN cell = '!' THEN mark_impossible()
            ELSE CASE regexp_extract(cell, ' ([a-z])$', 1)
              WHEN 'r' THEN mark_rerouted() WHEN 'f' THEN mark_refused() WHEN 't' THEN mark_turned_away()
              WHEN 'b' THEN mark_broke_down() ELSE 0 END END::BIGINT AS mark,
       cell LIKE '%*' AS fresh
FROM cells, states;

CREATE TEMP MACRO differ(one, other) AS one <> 0 AND other <> 0 AND one <> other;

-- One row a way and item. `skipped`: a discharge from elsewhere, which is no item; run to room: what stands after it.
CREATE TEMP TABLE folded AS
WITH RECURSIVE fold AS (
  SELECT way, 0::BIGINT AS n, false AS skipped, false AS fresh, 0::BIGINT AS episode, state_none() AS before,
         state_none() AS state, 0::BIGINT AS mark, 0::BIGINT AS run, 0::BIGINT AS vehicle, 0::BIGINT AS site,
         0::BIGINT AS room
  FROM ways
  UNION ALL
  SELECT way, n, elsewhere, fresh, episode + fresh::BIGINT, before, after, mark,
         CASE WHEN sets THEN i.run WHEN clears THEN 0 WHEN goes AND i.run <> 0 THEN i.run ELSE f.run END,
         CASE WHEN sets THEN i.vehicle WHEN clears THEN 0 WHEN goes AND i.vehicle <> 0 THEN i.vehicle
              ELSE f.vehicle END,
         CASE WHEN sets OR lodges THEN i.site WHEN clears OR expels THEN 0 WHEN goes AND i.site <> 0 THEN i.site
              ELSE f.site END,
         CASE WHEN sets OR lodges THEN i.room WHEN clears OR expels THEN 0 ELSE f.room END
  FROM (
    SELECT *,
      step = step_assign() AND mark <> mark_impossible() AS sets,
      fresh OR (step IN (step_cancel(), step_home(), step_refuse(), step_set_down(), step_breakdown(), step_turn_away())
                AND after <> before AND after <> state_aboard()) AS clears,
      step = step_turn_away() AND after = state_aboard() AS expels,
      step IN (step_dispatch(), step_pickup(), step_arrive()) AND after <> before AS goes,
      step = step_admit() AND (after <> before OR mark = mark_moved()) AS lodges
    FROM (
      SELECT f, i, f.way, i.n, i.step, f.episode, f.state AS before,
        i.step = step_discharge() AND f.state = state_admitted() AND differ(i.site, f.site) AS elsewhere,
        CASE WHEN elsewhere THEN f.state ELSE m.after END AS after,
        m.fresh,
        CASE WHEN elsewhere THEN 0
             WHEN i.step = step_admit() AND f.state = state_admitted()
               THEN CASE WHEN differ(i.site, f.site) OR differ(i.room, f.room) THEN mark_moved() ELSE 0 END
             WHEN i.step = step_assign() AND f.state = state_assigned()
               THEN CASE WHEN i.run <> f.run THEN mark_rerouted() ELSE 0 END
             ELSE m.mark END AS mark
      FROM fold f JOIN items i ON i.way = f.way AND i.n = f.n + 1 JOIN machine m ON m.step = i.step AND m.before = f.state
    )
  )
)
SELECT * FROM fold WHERE n > 0;

-- The steps of every way, with what each names. `changed`: the state is another after it.
CREATE TEMP TABLE steps AS
SELECT i.way, i.person, i.purpose, row_number() OVER (PARTITION BY i.way ORDER BY i.n) AS number, i.at_ms, i.step,
       f.before, f.state AS after, f.before <> f.state AS changed, f.mark, f.episode, i.run AS named_run,
       i.vehicle AS named_vehicle, i.site AS named_site, i.room AS named_room, i.records, f.run, f.vehicle, f.site,
       f.room
FROM folded f JOIN items i ON i.way = f.way AND i.n = f.n
WHERE NOT f.skipped;

CREATE TEMP TABLE last_steps AS FROM steps QUALIFY episode = max(episode) OVER (PARTITION BY way);
