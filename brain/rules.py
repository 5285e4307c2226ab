"""Rules: the packs of a series as arrays, so that a column of exposures is judged at once.

In: a PackSeries. Out: rules by number, and each pack's numbers by kind and class.
Invariant: nothing here has a value of its own; every number comes from a pack.
Deliberately absent: text of rules but their ids and categories.
"""

from __future__ import annotations

import numpy as np

from schemas.codes import FIRST_VEHICLE, EpidemicStatus, Medicine, PersonClass, PlaceKind
from schemas.instants import HOUR_MS, MINUTE_MS
from schemas.keys import Ints
from schemas.policy import Pack, PackSeries
from schemas.statements import FindingRules, PlaceRule, RideRule, SecondaryRule, SymptomRule

KINDS = max(PlaceKind) + 1
SCOPES = ("all", "rows", "carriage", "compartment", "bays")


class Rules:
    """Shape: by rule number, or by pack and then kind of place, medicine or class."""

    def __init__(self, series: PackSeries) -> None:
        self.series = series
        self.packs = series.packs
        self.names: list[str] = []
        self.categories: list[str] = []
        self._result: list[int] = []
        self._below: list[int] = []
        self._rest: list[int] = []
        self._overlap_ms: list[int] = []
        self._scope: list[int] = []
        self._distance: list[int] = []
        self._soft: list[bool] = []
        shape = (len(self.packs), KINDS)
        self.place_rule = np.full(shape, -1, np.int64)
        self.ride_rule = np.full((*shape, 2), -1, np.int64)
        self.dwell_ms = np.zeros(shape, np.int64)
        self.symptom_rule = np.full(len(self.packs), -1, np.int64)
        self.secondary_rule = np.full(len(self.packs), -1, np.int64)
        self.sealed_assumed = np.array([int(p.sealed_assumed.value) for p in self.packs], np.int64)
        self.secondary_kinds = np.zeros(shape, np.bool_)
        self.isolation_days = np.zeros((len(self.packs), len(PersonClass)), np.int64)
        self.monitoring_days = np.zeros((len(self.packs), len(PersonClass)), np.int64)
        self.central = np.zeros((len(self.packs), len(PersonClass)), np.bool_)
        self.limit_ms = np.zeros((len(self.packs), len(PersonClass)), np.int64)
        self.together_ms = np.array([p.companion.together_minutes_over.value * MINUTE_MS for p in self.packs], np.int64)
        self.stay_ms = np.array([p.companion.stay_hours_over.value * HOUR_MS for p in self.packs], np.int64)
        self.pool_hold = np.array([p.pool_hold.enabled for p in self.packs], np.bool_)
        self.medicine_hold = np.zeros((len(self.packs), len(Medicine)), np.bool_)
        self.findings = tuple(FindingRules.model_fields)
        self.finding = np.array([[r.enabled for _, r in p.findings.rules()] for p in self.packs], np.bool_)
        checked_in = [p.findings.transfer_done for p in self.packs]
        self.check_in_days = np.array([(r.days_min, r.days_max) for r in checked_in], np.int64)
        self.case_status = np.zeros((len(self.packs), len(EpidemicStatus)), np.bool_)
        for number, pack in enumerate(self.packs):
            self._compile(number, pack)
        self.result, self.below = np.array(self._result, np.int64), np.array(self._below, np.int64)
        self.rest, self.overlap_ms = np.array(self._rest, np.int64), np.array(self._overlap_ms, np.int64)
        self.scope, self.distance = np.array(self._scope, np.int64), np.array(self._distance, np.int64)
        self.soft_sleeper = np.array(self._soft, np.bool_)
        self.name_order = np.argsort(np.argsort(np.array(self.names))).astype(np.int64)

    def _compile(self, number: int, pack: Pack) -> None:
        for name, minutes in pack.dwell_minutes.items():
            self.dwell_ms[number, PlaceKind[name]] = minutes.value * MINUTE_MS
        for name, place in pack.place.items():
            self.place_rule[number, PlaceKind[name]] = self._number(place)
        for mode in (k for k in PlaceKind if k >= FIRST_VEHICLE):
            known: dict[str, int] = {}
            for sealed in (False, True):
                ride = pack.ride_rule(mode.name, sealed)
                if ride.rule not in known:
                    known[ride.rule] = self._number(ride)
                self.ride_rule[number, mode, int(sealed)] = known[ride.rule]
        if pack.symptoms.enabled:
            self.symptom_rule[number] = self._number(pack.symptoms)
        if pack.secondary.enabled:
            self.secondary_rule[number] = self._number(pack.secondary)
            for kind in pack.secondary.kinds:
                self.secondary_kinds[number, PlaceKind[kind]] = True
        if pack.medicine_hold.enabled:
            for medicine in pack.medicine_hold.medicines:
                self.medicine_hold[number, Medicine[medicine]] = True
        for status in pack.findings.case_as_contact.statuses:
            self.case_status[number, EpidemicStatus[status]] = True
        for name, measures in pack.management.items():
            self.isolation_days[number, PersonClass[name]] = measures.isolation_days
            self.monitoring_days[number, PersonClass[name]] = measures.monitoring_days
            central = measures.isolation_mode == "central" and measures.isolation_days > 0
            self.central[number, PersonClass[name]] = central
        limits = pack.transfer.secondary_hours, pack.transfer.close_hours, pack.transfer.case_hours
        for level, hours in zip((PersonClass.secondary, PersonClass.close, PersonClass.case), limits, strict=True):
            self.limit_ms[number, level] = hours.value * HOUR_MS

    def _number(self, rule: PlaceRule | RideRule | SymptomRule | SecondaryRule) -> int:
        self.names.append(rule.rule)
        self.categories.append(rule.category)
        result = PersonClass.secondary if isinstance(rule, SecondaryRule) else PersonClass[rule.result]
        below = PersonClass[rule.below] if isinstance(rule, (PlaceRule, RideRule)) else PersonClass.none
        self._result.append(int(result))
        self._below.append(int(below))
        self._rest.append(int(PersonClass[rule.rest] if isinstance(rule, RideRule) else PersonClass.none))
        self._overlap_ms.append(0 if isinstance(rule, SymptomRule) else rule.overlap_s_min * 1000)
        self._scope.append(SCOPES.index(rule.scope) if isinstance(rule, RideRule) else 0)
        self._distance.append(rule.distance if isinstance(rule, RideRule) else 0)
        self._soft.append(isinstance(rule, RideRule) and rule.soft_sleeper_scope == "compartment")
        return len(self.names) - 1

    def test_days(self, pack: int, person_class: int) -> tuple[int, ...]:
        """Days after day 0 on which tests are due."""
        by_name = {str(name): measures.test_days for name, measures in self.packs[pack].management.items()}
        return by_name.get(PersonClass(person_class).name, ())

    def category_allowed(self) -> Ints:
        """1 per (pack, rule) whose category makes a close contact a source of secondary contacts."""
        table = np.zeros((len(self.packs), len(self.names)), np.int64)
        for number, pack in enumerate(self.packs):
            for rule, category in enumerate(self.categories):
                wanted = not pack.secondary.categories or category in pack.secondary.categories
                table[number, rule] = int(pack.secondary.enabled and wanted)
        return table
