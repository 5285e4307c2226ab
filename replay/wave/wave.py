"""Wave: an Omicron wave on true co-presence, and what the field does about it, day by day.

In: a city, a plan, each day's visits. Out: a `Course` a day, and who is isolated before the next.
Invariant: same city, plan and visits, same course. Tests of a day are read before its meetings: whoever is isolated
that evening has met nobody from then on (replay.city.living.cut_short), and whoever is infected is found later.
Deliberately absent: records, and any conclusion of the engine: a drill's people do not hear of it.
"""

from __future__ import annotations

import numpy as np

from replay.city.living import cut_short
from replay.city.model import AT_LARGE_MS, City, Visits
from replay.plan import Plan
from replay.wave.course import Course, Infections, Orders, Stays
from replay.wave.illness import Illness
from replay.wave.parameters import Parameters
from replay.wave.response import Response
from replay.wave.seeding import seeds
from replay.wave.spread import Spread
from replay.wave.testing import Testing
from schemas.instants import DAY_MS, UNKNOWN_MS, day_number, day_start, local_day
from schemas.keys import Ints

_PURPOSE = 700
_BEGIN, _BRING_IN, _SPREAD, _SWAB, _FIND, _OTHERS = range(6)


class Wave:
    """The wave in a city. `standing`: who is in isolation before the first day, admitted then. In a drill with
    transfers isolation begins when people are told to stay apart, and nobody is isolated for reasons from elsewhere."""

    def __init__(self, city: City, plan: Plan) -> None:
        own = plan.wave if plan.transfers is None else plan.wave | {"others_isolated": 0}
        self.city, self.parameters = city, Parameters(own)
        self.illness = Illness(len(city.people), self.parameters)
        self._spread = Spread(city, self.parameters)
        self._testing = Testing(city, self.parameters, plan.profile, self.illness)
        self._response = Response(city, self.parameters, self.illness, plan.profile)
        self._seeds = seeds(city, plan)
        self._orders: list[Orders] = []
        first_ms = day_start(day_number(plan.first_day))
        self._first_ms = first_ms
        rng = city.rng(_PURPOSE, _BEGIN)
        self.standing: Stays = self._response.begin(first_ms, self._seeds.person, rng)
        self._response.admit_others(first_ms, self._seeds.person, rng)
        self._bring_in(city.rng(_PURPOSE, _BRING_IN))
        self._next = 0

    @property
    def isolated_ms(self) -> Ints:
        """Of everybody, AT_LARGE_MS where not, as it is known before the next day."""
        return self._response.isolation.isolated_ms.copy()

    def step(self, number: int, start_ms: int, visits: Visits) -> Course:
        """Another day. `number`: of the day, from 0; `start_ms`: its local midnight; `visits`: as they were before its
        isolations were known: cut_short(visits, course.isolated_ms) is what they became. Errors: ValueError for a day
        that is not the next."""
        if start_ms != self._first_ms + number * DAY_MS or number != self._next:
            raise ValueError(f"wave: day {number} is not the next; days come one after another")
        self._next = number + 1
        rng = [self.city.rng(_PURPOSE, purpose, number) for purpose in range(6)]
        response, isolation = self._response, self._response.isolation
        kept = isolation.swabbed(start_ms)
        swabs, positives = self._testing.swabs(number, start_ms, self.isolated_ms, kept, rng[_SWAB])
        self._orders.append(response.find(positives, rng[_FIND]))
        isolated = self.isolated_ms
        visits = cut_short(visits, isolated)
        self._infect(visits, isolated, rng[_SPREAD])
        response.diary.keep(visits, start_ms)
        stays = isolation.stays(start_ms)
        reports, legs = response.reports(start_ms), response.legs(start_ms)
        response.admit_others(start_ms + DAY_MS, self._seeds.person, rng[_OTHERS])
        infections, orders = self.infections(start_ms + DAY_MS), self._ordered(start_ms)
        return Course(isolated, infections, swabs, stays, reports, legs, orders)

    def take(self, people: Ints, at_ms: Ints) -> None:
        """Somebody who dispatches has these taken away, or kept at home, on a day that was lived already: what came of
        their meetings afterwards did not come of it."""
        ill, isolation = self.illness, self._response.isolation
        isolation.take(people, at_ms, self.parameters["contact_stay_d"])
        gone = np.full(len(ill.infected_ms), AT_LARGE_MS)
        gone[people] = at_ms
        by = np.where(ill.infector >= 0, gone[ill.infector], AT_LARGE_MS)
        known = (ill.infected_ms != UNKNOWN_MS) & (ill.infector >= 0)
        ill.forget(np.flatnonzero(known & (ill.infected_ms >= np.minimum(gone, by))))

    def infections(self, before_ms: int) -> Infections:
        """Everybody infected by then."""
        ill, response = self.illness, self._response
        people = np.flatnonzero((ill.infected_ms != UNKNOWN_MS) & (ill.infected_ms < before_ms))
        columns = (
            ill.infected_ms, ill.infector, ill.place, ill.onset_ms, ill.since_ms, ill.until_ms, response.found_ms,
            response.known_ms, response.reported_ms, response.isolation.first_ms,
        )  # fmt: skip
        return Infections(people, *(column[people] for column in columns))

    def _infect(self, visits: Visits, isolated_ms: Ints, rng: np.random.Generator) -> None:
        new = self._spread.infected(visits, self.illness, isolated_ms, rng)
        self.illness.infect(new.person, new.at_ms, new.infector, new.place, rng)

    def _bring_in(self, rng: np.random.Generator) -> None:
        """Seeds, and those whom injects are about, some of whom are infected in days to come: by nobody else."""
        found = self._seeds
        self.illness.infect_to_infect(found.person, found.since_ms, rng)
        self.illness.strength[found.person[found.about == 1]] = self.parameters["inject_infectiousness"]

    def _ordered(self, start_ms: int) -> Orders:
        """Who is put under control on the day: ordered on it or the evening before."""
        orders = Orders(**{
            name: np.concatenate([getattr(part, name) for part in self._orders[-2:]]) for name in vars(self._orders[0])
        })  # fmt: skip
        today = local_day(orders.admitted_ms) == local_day(start_ms)
        return Orders(**{name: column[today] for name, column in vars(orders).items()})
