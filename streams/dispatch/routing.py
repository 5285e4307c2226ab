"""Routing: who rides with whom, in which vehicle and which order, by the local search of OR-tools' routing library.

In: a situation and a valid plan. Out: a plan in which the same people go to the same rooms, by other ways.
Invariant: every home is a pickup and a delivery at its site; between homes of different class, purpose or site lies a
delivery and a disinfection, as no such road exists in the model.
Deliberately absent: rooms. Whoever has one keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
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


@dataclass(frozen=True)
class Delivery:
    """Of a door, at the latest at `latest`; `missed`: what the deadlines weigh that lie before that."""

    door: int
    latest: int
    missed: int


class Routing:
    """The model. Shape: node i is the pickup of door i; then deliveries, of which each door has one, by the deadlines
    that it meets; then the start of each vehicle, then the end of all.
    Units: milliseconds from now, and for costs person-milliseconds."""

    def __init__(self, situation: Situation, roads: Roads, plan: Plan, vehicles: Sequence[int]) -> None:
        self.situation, self.roads, self.plan, self.vehicles = situation, roads, plan, list(vehicles)
        self.doors = [
            Door(party, run.site, tuple(bed for bed in run.beds if bed[0] in party))
            for run in plan
            for party, _ in run.stops
        ]
        self._at = {door.party: at for at, door in enumerate(self.doors)}
        self.deliveries = [delivery for at, door in enumerate(self.doors) for delivery in self._deliveries(at, door)]
        self.nodes: dict[int, list[int]] = {}
        for node, delivery in enumerate(self.deliveries, len(self.doors)):
            self.nodes.setdefault(delivery.door, []).append(node)
        first, count = len(self.doors) + len(self.deliveries), len(self.vehicles)
        end = first + count
        self.index = pywrapcp.RoutingIndexManager(end + 1, count, [*range(first, end)], [end] * count)
        self.model = pywrapcp.RoutingModel(self.index)
        times, costs = self._matrices()
        self.model.SetArcCostEvaluatorOfAllVehicles(self.model.RegisterTransitMatrix(costs.tolist()))
        self._times(times)
        self._loads()

    def solve(self, seconds: float) -> Plan | None:
        """The best plan found from the given one in this time."""
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.use_multi_armed_bandit_concatenate_operators = True
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

    def _deliveries(self, at: int, door: Door) -> list[Delivery]:
        """One for each deadline of the door that can be met and missed, the last of them for whoever meets none."""
        situation, roads = self.situation, self.roads
        there = int(roads.ms[door.party[0], roads.site_points[door.site]]) + situation.limits.boarding_ms
        weights: dict[int, int] = {}
        for i in door.party:
            rider = situation.riders[i]
            due = rider.due_ms - situation.now_ms - situation.limits.boarding_ms
            if there <= due < situation.horizon_ms - situation.now_ms:
                weights[due] = weights.get(due, 0) + MISSED_HOURS[PersonClass(rider.level)] * HOUR_MS
        found, missed = [], 0
        for due, weight in sorted(weights.items()):
            found.append(Delivery(at, due, missed))
            missed += weight
        return [*found, Delivery(at, _NEVER, missed)]

    def _matrices(self) -> tuple[Ints, Ints]:
        """Times and costs between nodes; no road where there must be none."""
        limits, n = self.situation.limits, len(self.doors)
        homes = np.array([door.party[0] for door in self.doors])
        sites = np.array([self.roads.site_points[door.site] for door in self.doors])
        owners = np.array([delivery.door for delivery in self.deliveries])
        depots = [self.roads.vehicle_point(v) for v in self.vehicles]
        here = np.concatenate([homes, sites[owners], depots])
        groups = {group: at for at, group in enumerate(dict.fromkeys(map(self._group, self.doors)))}
        group = np.array([groups[self._group(door)] for door in self.doors])
        group = np.concatenate([group, group[owners]])
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
        costs[:, n:ends] += np.array([delivery.missed for delivery in self.deliveries])
        return times, costs

    def _times(self, times: Ints) -> None:
        """Waiting costs by the time; nobody drives past shift, test and horizon. Vehicles never stand and wait (no
        slack), so that all of a run arrive at once."""
        model, situation = self.model, self.situation
        transit = model.RegisterTransitMatrix(times.tolist())
        horizon = self._from_now(situation.horizon_ms)
        model.AddDimension(transit, 0, horizon, False, "time")
        time = model.GetDimensionOrDie("time")
        for v, vehicle in enumerate(situation.vehicles[v] for v in self.vehicles):
            start = min(horizon, starts(vehicle, situation) - situation.now_ms)
            time.CumulVar(model.Start(v)).SetRange(start, start)
            time.CumulVar(model.End(v)).SetMax(max(start, self._until(vehicle)))
        for at, door in enumerate(self.doors):
            rooms = [situation.rooms[room] for _, room in door.beds]
            free = self._from_now(max(room.free_ms for room in rooms))
            closed = min(horizon, self._from_now(min(room.until_ms for room in rooms) - 1))
            deliveries = self.nodes[at]
            for node in deliveries:
                latest = min(closed, self.deliveries[node - len(self.doors)].latest)
                delivery = self.index.NodeToIndex(node)
                time.CumulVar(delivery).SetRange(free, max(free, latest))
                time.SetCumulVarSoftUpperBound(delivery, 0, len(door.party))
            fit = {*carriers(situation, door.party)}
            able = [-1, *(at for at, v in enumerate(self.vehicles) if v in fit)]
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
        vehicles = [self.situation.vehicles[v] for v in self.vehicles]
        for name, each, room in (
            ("seats", people, [v.seats for v in vehicles]),
            ("chairs", chairs, [v.wheelchairs for v in vehicles]),
        ):
            if any(each):
                loads = [*each, *(-each[delivery.door] for delivery in self.deliveries), *(0 for _ in vehicles), 0]
                transit = self.model.RegisterUnaryTransitVector(loads)
                self.model.AddDimensionWithVehicleCapacity(transit, 0, room, True, name)

    def _routes(self) -> list[list[int]]:
        routes: list[list[int]] = [[] for _ in self.vehicles]
        for run in sorted(self.plan, key=lambda each: each.depart_ms):
            doors = [self._at[party] for party, _ in run.stops]
            arrives = run.arrive_ms - self.situation.now_ms
            nodes = [
                next(n for n in self.nodes[at] if arrives <= self.deliveries[n - len(self.doors)].latest)
                for at in doors
            ]
            routes[self.vehicles.index(run.vehicle)] += [*doors, *nodes]
        return [[self.index.NodeToIndex(node) for node in route] for route in routes]

    def _plan(self, found: Any) -> Plan:
        made: list[Run] = []
        for v, vehicle in enumerate(self.vehicles):
            last, aboard = None, list[Door]()
            at = found.Value(self.model.NextVar(self.model.Start(v)))
            while not self.model.IsEnd(at):
                node = self.index.IndexToNode(at)
                if node < len(self.doors):
                    aboard.append(self.doors[node])
                elif aboard:  # everybody alights at the first delivery
                    last = self._run(vehicle, last, aboard)
                    made.append(last)
                    aboard = []
                at = found.Value(self.model.NextVar(at))
        return tuple(made)

    def _run(self, vehicle: int, last: Run | None, doors: list[Door]) -> Run:
        beds = tuple(bed for door in doors for bed in door.beds)
        start = next_start(self.situation, self.roads, vehicle, last)
        run = timed(self.situation, self.roads, vehicle, start, [door.party for door in doors], doors[0].site)
        return replace(run, beds=beds)
