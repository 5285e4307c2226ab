"""Parameters: the figures of the wave, each with its unit and where it is from.

In: figures that a plan gives by name. Out: `Parameters`, a plain name → number table.
Invariant: a figure without a source does not stand here; a name that is not here is an error.
Deliberately absent: how they act (replay/wave/illness.py, replay/wave/spread.py, replay/wave/testing.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from replay.city.model import Ground
from schemas.codes import PlaceKind
from schemas.keys import Ints

CALIBRATED = "design assumption [D], set so that the attack rates come out as docs/wave.md shows"
_OURS = "design assumption [D]"


@dataclass(frozen=True)
class Parameter:
    value: float
    unit: str
    source: str


PARAMETERS: dict[str, Parameter] = {
    "incubation_mean_d": Parameter(3.8, "days", "Hangzhou BA.1.1, mean (PMC9616478, S59) [A]"),
    "incubation_sd_d": Parameter(
        1.8,
        "days",
        "Beijing 2022-03: median 4, quartiles 3 to 6 (zhlxbx 20220903, S58) [A]; a gamma distribution: [D]",
    ),
    "infectious_before_onset_d": Parameter(
        2.0,
        "days",
        "the window of a close contact opens 2 days before onset (China CDC Weekly 2020;2(19):329, S24) [A]",
    ),
    "latent_min_d": Parameter(1.0, "days", _OURS + ": nobody infects on the day they are infected"),
    "infectious_after_onset_d": Parameter(10.0, "days", "WHO 2021-22: 2 days before to 10 days after onset (S54) [M]"),
    "presymptomatic_weight": Parameter(
        0.17,
        "share of infectiousness",
        "33.6 % of transmissions (S58-S60) [A], which more than this makes: contacts run out; " + CALIBRATED,
    ),
    "timing_shape": Parameter(
        2.2,
        "shape of a gamma distribution",
        _OURS + ": of the times of transmission, counted from 2 days before onset; its scale follows from "
        "presymptomatic_weight",
    ),
    "dispersion": Parameter(
        0.1,
        "shape of a gamma distribution",
        "9 % of BA.1 cases seed 80 % (jogh 2023;13:06018, S61) [A]; " + CALIBRATED,
    ),
    "asymptomatic_share": Parameter(
        0.5,
        "share of infections",
        _OURS + ": as case reports with an onset (schemas/departments/health.py, EXPECTED)",
    ),
    "rate_home": Parameter(0.02, "per hour", CALIBRATED),
    "rate_room": Parameter(0.047, "per hour", CALIBRATED),
    "rate_meal": Parameter(0.2, "per hour", CALIBRATED),
    "rate_venue": Parameter(0.009, "per hour", CALIBRATED),
    "rate_vehicle": Parameter(0.115, "per hour", CALIBRATED),
    "rate_pass": Parameter(0.0005, "per hour", CALIBRATED),
    "crowd_home": Parameter(8, "people", _OURS + ": of more present, each is met so much less"),
    "crowd_room": Parameter(40, "people", _OURS + ", as crowd_home"),
    "crowd_meal": Parameter(30, "people", _OURS + ", as crowd_home"),
    "crowd_venue": Parameter(20, "people", _OURS + ", as crowd_home"),
    "crowd_vehicle": Parameter(40, "people", _OURS + ", as crowd_home"),
    "crowd_pass": Parameter(5, "people", _OURS + ", as crowd_home"),
    "inject_infectiousness": Parameter(
        12.0,
        "times the mean",
        _OURS + ": whoever an inject is about is one of the few who infect many",
    ),
    "ct_peak_mean": Parameter(18.0, "cycles", "median Ct when found about 23 (Henan BA.2.2, S60) [A]; the course: [D]"),
    "ct_peak_sd": Parameter(3.0, "cycles", _OURS),
    "ct_limit": Parameter(38.0, "cycles", "test kits in use call a sample positive below 38 to 40 [C]"),
    "ct_pool_loss": Parameter(3.3, "cycles", "log2 of 10: ten swabs in a tube (pooling 10:1, S49) [M]"),
    "swab_misses": Parameter(0.05, "share of swabs", _OURS),
    "inconclusive_share": Parameter(0.001, "share of tubes", _OURS),
    "seeks_care": Parameter(0.35, "share of those with symptoms", _OURS),
    "care_delay_mean_d": Parameter(1.2, "days from onset", _OURS),
    "feverish_share": Parameter(0.0008, "share of residents a day", _OURS + ": other fevers at the fever clinics"),
    "tests": Parameter(1, "0 or 1", _OURS + "; 0: nobody is tested, found or isolated, to see the wave by itself"),
    "case_stay_d": Parameter(
        10.0,
        "days",
        "until Ct is 35 or more twice (9th diagnosis protocol, 2022-03, S43) [B]; mean: [D]",
    ),
    "contact_stay_d": Parameter(14.0, "days", "14 days central isolation (8th edition, S35) [M]"),
    "others_isolated": Parameter(
        1,
        "0 or 1",
        "1: besides the wave's, as many are isolated and released as EXPECTED says (arrivals, "
        "contacts from elsewhere) [D]",
    ),
}


SETTINGS = ("home", "room", "meal", "venue", "vehicle", "pass")
_BY_KIND = {
    PlaceKind.household: "home", PlaceKind.hotel_room: "home", PlaceKind.room: "room", PlaceKind.restaurant: "meal",
    PlaceKind.entertainment: "meal", PlaceKind.shared_facility: "venue", PlaceKind.venue: "venue",
    PlaceKind.hotel: "venue", PlaceKind.checkpoint: "pass",
}  # fmt: skip
_BY_GROUND = {
    Ground.home: "home", Ground.dormitory: "home", Ground.care_room: "home", Ground.hotel_room: "home",
    Ground.banquet: "meal", Ground.restaurant: "meal", Ground.gate: "pass", Ground.checkpoint: "pass",
}  # fmt: skip
APART = (Ground.isolation_room, Ground.line, Ground.bubble_zone)
"""Where nobody is infected: single rooms, and houses whose parts say who is together."""


class Parameters:
    """Name → number, with a plan's own figures. Errors: ValueError for a name that is not known."""

    def __init__(self, own: Mapping[str, float] | None = None) -> None:
        own = own or {}
        if unknown := sorted(own.keys() - PARAMETERS.keys()):
            raise ValueError(f"wave: no parameter {', '.join(unknown)}; there are {', '.join(sorted(PARAMETERS))}")
        self._values = {name: float(own.get(name, parameter.value)) for name, parameter in PARAMETERS.items()}

    def __getitem__(self, name: str) -> float:
        return self._values[name]


def settings(ground: Ints, kind: Ints) -> Ints:
    """Of every place, in which setting people meet there: an index into SETTINGS, -1 where nobody is infected."""
    found = np.full(len(kind), SETTINGS.index("vehicle"))
    for place_kind, setting in _BY_KIND.items():
        found[kind == place_kind] = SETTINGS.index(setting)
    for place_ground, setting in _BY_GROUND.items():
        found[ground == place_ground] = SETTINGS.index(setting)
    found[np.isin(ground, [int(g) for g in APART])] = -1
    return found
