"""Routing: who rides with whom, in which vehicle and which order, by the local search of OR-tools' routing library.

In: a situation and a valid plan. Out: a plan in which the same people go to the same rooms, by other ways.
Invariant: every home is a pickup and a delivery at its site; between homes of different class, purpose or site lies a
delivery and a disinfection, as no such road exists in the model.
Deliberately absent: rooms. Whoever has one keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from brain.dispatch.parties import Party, carriers
from brain.dispatch.plans import KM_HOURS, MISSED_HOURS, Plan, Run, next_start, timed
from brain.dispatch.roads import Roads
from brain.dispatch.situation import Situation, Vehicle, starts
from schemas.codes import PersonClass
from schemas.instants import HOUR_MS, UNKNOWN_MS
from schemas.keys import Ints

_NEVER = 1 << 40
_DROPPED = 1 << 44


@dataclass(frozen=True)
class Door:
    """A party with where it goes. `beds` as in the plan."""

    party: Party
    site: int
    beds: tuple[tuple[int, int], ...]


class Routing:
    """The model. Shape: node i is the pickup of door i, n + i its delivery; then deliveries in time, of those doors
    where it matters, which stand in for the other ones; then the start of each vehicle, then the end of all.
    Units: milliseconds from now, and for costs person-milliseconds."""

    def __init__(self, situation: Situation, roads: Roads, plan: Plan) -> None:
        self.situation, self.roads, self.plan = situation, roads, plan
        self.doors = [
            Door(party, run.site, tuple(bed for bed in run.beds if bed[0] in party))
            for run in plan
            for party, _ in run.stops
        ]
        self._at = {door.party: at for at, door in enumerate(self.doors)}
        self.dues = {at: due for at, door in enumerate(self.doors) if (due := self._due(door)) is not None}
        self.prompt = {at: 2 * len(self.doors) + number for number, at in enumerate(self.dues)}
        first, vehicles = 2 * len(self.doors) + len(self.prompt), len(situation.vehicles)
        self.starts = [first + v for v in range(vehicles)]
        end = first + vehicles
        self.index = pywrapcp.RoutingIndexManager(end + 1, vehicles, self.starts, [end] * vehicles)
        self.model = pywrapcp.RoutingModel(self.index)
        times, costs = self._matrices()
        self.model.SetArcCostEvaluatorOfAllVehicles(self.model.RegisterTransitMatrix(costs.tolist()))
        self._times(times)
        self._loads()

    def solve(self, seconds: float) -> Plan | None:
        """The best plan found from the given one in this time."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(int(seconds * 1000))
        self.model.CloseModelWithParameters(parameters)
        first = self.model.ReadAssignmentFromRoutes(self._routes(), True)
        if first is None:
            return None
        found = self.model.SolveFromAssignmentWithParameters(first, parameters)
        return None if found is None else self._plan(found)

    def _group(self, door: Door) -> tuple[int, int, int]:
        rider = self.situation.riders[door.party[0]]
        return rider.level, rider.purpose, door.site

    def _due(self, door: Door) -> int | None:
        """The last instant of arrival in time; None if it cannot be missed, or cannot be met, in this plan."""
        situation, roads = self.situation, self.roads
        due = min(situation.riders[i].due_ms for i in door.party) - situation.now_ms - situation.limits.boarding_ms
        there = int(roads.ms[door.party[0], roads.site_points[door.site]]) + situation.limits.boarding_ms
        return due if there <= due < situation.horizon_ms - situation.now_ms else None

    def _weight(self, door: Door) -> int:
        return sum(MISSED_HOURS[PersonClass(self.situation.riders[i].level)] for i in door.party) * HOUR_MS

    def _matrices(self) -> tuple[Ints, Ints]:
        """Times and costs between nodes; no road where there must be none."""
        limits, n, vehicles = self.situation.limits, len(self.doors), len(self.situation.vehicles)
        homes = np.array([door.party[0] for door in self.doors])
        sites = np.array([self.roads.site_points[door.site] for door in self.doors])
        twins = np.array([*self.prompt], np.int64)
        depots = [self.roads.vehicle_point(v) for v in range(vehicles)]
        here = np.concatenate([homes, sites, sites[twins], depots])
        groups = {group: at for at, group in enumerate(dict.fromkeys(map(self._group, self.doors)))}
        group = np.array([groups[self._group(door)] for door in self.doors])
        group = np.concatenate([group, group, group[twins]])
        ends = len(group)
        size = len(here) + 1
        times = np.full((size, size), _NEVER, np.int64)
        costs = np.zeros((size, size), np.int64)
        times[:-1, :-1] = self.roads.ms[np.ix_(here, here)]
        costs[:-1, :-1] = np.rint(self.roads.km[np.ix_(here, here)] * KM_HOURS * HOUR_MS)
        pickups, deliveries = slice(0, n), slice(n, ends)
        times[pickups, :-1] += limits.boarding_ms
        times[deliveries, pickups] += limits.boarding_ms + limits.disinfection_ms
        barred = group[:, None] != group[None, :]
        barred[deliveries, pickups] = False
        times[:ends, :ends][barred] = _NEVER
        times[deliveries, -1] = limits.boarding_ms
        times[ends:, -1] = 0
        for at in self.prompt:
            costs[:, n + at] += self._weight(self.doors[at])
        return times, costs

    def _times(self, times: Ints) -> None:
        """Waiting costs by the time, being late more; nobody drives past shift, test and horizon."""
        model, situation = self.model, self.situation
        transit = model.RegisterTransitMatrix(times.tolist())
        horizon = self._from_now(situation.horizon_ms)
        for name in ("time", "wait"):
            model.AddDimension(transit, horizon, horizon, False, name)
        (time, wait) = model.GetDimensionOrDie("time"), model.GetDimensionOrDie("wait")
        for v, vehicle in enumerate(situation.vehicles):
            start = min(horizon, starts(vehicle, situation) - situation.now_ms)
            for dimension in (time, wait):
                dimension.CumulVar(model.Start(v)).SetRange(start, start)
                dimension.CumulVar(model.End(v)).SetMax(max(start, self._until(vehicle)))
                dimension.SetSlackCostCoefficientForVehicle(0, v)
        for at, door in enumerate(self.doors):
            rooms = [situation.rooms[room] for _, room in door.beds]
            free = self._from_now(max(room.free_ms for room in rooms))
            closed = min(horizon, self._from_now(min(room.until_ms for room in rooms) - 1))
            deliveries = [len(self.doors) + at, *([self.prompt[at]] if at in self.prompt else [])]
            for node, latest in zip(deliveries, (closed, min(closed, self.dues.get(at, closed))), strict=False):
                delivery = self.index.NodeToIndex(node)
                for dimension in (time, wait):
                    dimension.CumulVar(delivery).SetRange(free, max(free, latest))
                wait.SetCumulVarSoftUpperBound(delivery, 0, len(door.party))
            able = [-1, *carriers(situation, door.party)]
            for node in (at, *deliveries):
                model.VehicleVar(self.index.NodeToIndex(node)).SetValues(able)
            pickup = model.AddDisjunction([self.index.NodeToIndex(at)], _DROPPED)
            delivery = model.AddDisjunction([self.index.NodeToIndex(node) for node in deliveries], _DROPPED)
            model.AddPickupAndDeliverySets(pickup, delivery)

    def _until(self, vehicle: Vehicle) -> int:
        situation = self.situation
        if UNKNOWN_MS in (vehicle.crew_until_ms, vehicle.tested_ms):
            return 0
        ends = vehicle.until_ms, vehicle.crew_until_ms, vehicle.tested_ms + situation.limits.crew_test_ms
        return self._from_now(min(*ends, situation.horizon_ms))

    def _from_now(self, ms: int) -> int:
        return max(0, min(ms - self.situation.now_ms, _NEVER))

    def _loads(self) -> None:
        """Seats and places for wheelchairs."""
        riders = self.situation.riders
        people = [len(door.party) for door in self.doors]
        chairs = [sum(riders[i].wheelchair for i in door.party) for door in self.doors]
        vehicles = self.situation.vehicles
        for name, each, room in (
            ("seats", people, [v.seats for v in vehicles]),
            ("chairs", chairs, [v.wheelchairs for v in vehicles]),
        ):
            if any(each):
                loads = [*each, *(-each[at] for at in (*range(len(each)), *self.prompt)), *(0 for _ in vehicles), 0]
                transit = self.model.RegisterUnaryTransitVector(loads)
                self.model.AddDimensionWithVehicleCapacity(transit, 0, room, True, name)

    def _routes(self) -> list[list[int]]:
        routes: list[list[int]] = [[] for _ in self.situation.vehicles]
        for run in sorted(self.plan, key=lambda each: each.depart_ms):
            doors = [self._at[party] for party, _ in run.stops]
            arrives = run.arrive_ms - self.situation.now_ms
            prompt = {at for at in doors if arrives <= self.dues.get(at, -1)}
            routes[run.vehicle] += [
                *doors,
                *(self.prompt[at] if at in prompt else len(self.doors) + at for at in doors),
            ]
        return [[self.index.NodeToIndex(node) for node in route] for route in routes]

    def _plan(self, found: Any) -> Plan:
        made: list[Run] = []
        for v in range(len(self.situation.vehicles)):
            last, aboard = None, list[Door]()
            at = found.Value(self.model.NextVar(self.model.Start(v)))
            while not self.model.IsEnd(at):
                node = self.index.IndexToNode(at)
                if node < len(self.doors):
                    aboard.append(self.doors[node])
                elif aboard:  # everybody alights at the first delivery
                    last = self._run(v, last, aboard)
                    made.append(last)
                    aboard = []
                at = found.Value(self.model.NextVar(at))
        return tuple(made)

    def _run(self, vehicle: int, last: Run | None, doors: list[Door]) -> Run:
        """At its exact times, and not before its rooms are clean."""
        situation, site = self.situation, doors[0].site
        beds = tuple(bed for door in doors for bed in door.beds)
        point, start_ms = next_start(situation, self.roads, vehicle, last)
        order = [door.party for door in doors]
        run = timed(situation, self.roads, vehicle, (point, start_ms), order, site)
        early_ms = max(situation.rooms[room].free_ms for _, room in beds) - run.arrive_ms
        if early_ms > 0:
            run = timed(situation, self.roads, vehicle, (point, start_ms + early_ms), order, site)
        return replace(run, beds=beds)
