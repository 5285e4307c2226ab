"""Living: the true stays of one local day of the city.

In: a city, the day, the profile, who is isolated from when, injects. Out: `Visits`.
Invariant: nobody is in two places at once, but for a part and its house, and a lorry's cab and the zone it is in. Days
do not depend on one another; a day's stays begin where those of the day before end.
Deliberately absent: stays in isolation, and illness: whoever is ill and not isolated lives as ever.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from replay.city.beds import beds, weekday
from replay.city.diary import Diary
from replay.city.emergency import fill_emergency
from replay.city.injects import cast, give_way
from replay.city.model import City, Visits, joined
from replay.city.moves import Moves
from replay.city.routine import fill_routine
from replay.plan import Inject, Profile
from schemas.keys import Ints


def live(
    city: City, day: int, start_ms: int, profile: Profile, isolated_ms: Ints, injects: Sequence[Inject] = ()
) -> Visits:
    """The stays that begin on the local day whose midnight is `start_ms`, the drill's `day`th from 0: from dawn to the
    next dawn, on day 0 from midnight on. Nights end at dawn (replay/city/diary.py); hotel nights at check-out."""
    evening = weekday(start_ms)
    diary = Diary(city, day, start_ms, beds(city, (evening - 1) % 7, profile))
    moves = Moves(diary)
    if profile == "emergency":
        fill_emergency(moves)
    else:
        fill_routine(moves, evening)
    visits = diary.close(beds(city, evening, profile))
    for number, inject in enumerate(injects):
        scene = cast(city, number, inject)
        if scene.day_start_ms == start_ms or (day == 0 and scene.day_start_ms < start_ms <= inject.at_ms):
            visits = joined([give_way(visits, scene.visits), scene.visits])
    return cut_short(visits, isolated_ms)


def cut_short(visits: Visits, isolated_ms: Ints) -> Visits:
    """The stays as far as they come before their people's isolation. For whoever is isolated later in a day whose stays
    are already known."""
    ends = isolated_ms[visits.person]
    if not (visits.until_ms > ends).any():
        return visits
    until = np.minimum(visits.until_ms, ends)
    cut = Visits(**{**vars(visits), "until_ms": until})
    return cut.where(until > visits.since_ms)
