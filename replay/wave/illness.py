"""Illness: who is infected, since when, by whom, and how infectious and detectable they are at any time.

In: infections with chance. Out: times, weights of infectiousness, Ct values.
Invariant: a person is infected once. Infectiousness lies within [since, until); before and after, its weight is zero.
Deliberately absent: who meets whom (replay/wave/spread.py) and who is found (replay/wave/testing.py).
"""

from __future__ import annotations

from math import gamma as gamma_function
from typing import Any

import numpy as np
import numpy.typing as npt

from replay.wave.parameters import Parameters
from schemas.instants import DAY_MS, UNKNOWN_MS
from schemas.keys import Ints

Floats = npt.NDArray[np.floating[Any]]
_GRID = np.linspace(0, 40, 40 * 96 + 1)
"""Days since infectiousness began, by quarters of an hour."""
_CT_NONE = 45.0
_INFECTIOUS_DAYS_MEAN = 5.0
"""Rates are per hour at this length of infectiousness; a choice of units that the rates' calibration takes up [D]."""


def _cumulated(shape: float, scale: float) -> Floats:
    """The distribution function of a gamma distribution on the grid."""
    x = (_GRID[1:] + _GRID[:-1]) / 2 / scale
    density = x ** (shape - 1) * np.exp(-x) / gamma_function(shape) / scale
    total = np.concatenate([[0.0], np.cumsum(density) * (_GRID[1] - _GRID[0])])
    cumulated: Floats = total / total[-1]
    return cumulated


class Illness:
    """Everybody's infection. Columns have one row a person; see course.Infections. `turned_ms`: onset, also where
    there are no symptoms; `strength`: infectiousness as a multiple of the mean; `peak_ct`: the least Ct."""

    def __init__(self, people: int, parameters: Parameters) -> None:
        self._p = parameters
        self.infected_ms, self.turned_ms, self.onset_ms, self.since_ms, self.until_ms = (
            np.full(people, UNKNOWN_MS) for _ in range(5)
        )
        self.infector, self.place = np.full(people, -1), np.full(people, -1)
        self.strength, self.peak_ct = np.zeros(people), np.full(people, _CT_NONE)
        self.weight = self._weight()

    def _weight(self) -> Floats:
        """Cumulated infectiousness by time since two days before onset; the scale puts the pre-symptomatic share
        where it is published."""
        shape, before = self._p["timing_shape"], self._p["infectious_before_onset_d"]
        low, high = 0.05, 20.0
        for _ in range(40):
            scale = (low + high) / 2
            share = float(np.interp(before, _GRID, _cumulated(shape, scale)))
            low, high = (scale, high) if share > self._p["presymptomatic_weight"] else (low, scale)
        return _cumulated(shape, scale)

    def infect(self, people: Ints, at_ms: Ints, infector: Ints, place: Ints, rng: np.random.Generator) -> None:
        """These people are infected now; nobody twice, nobody who was before."""
        mean, sd = self._p["incubation_mean_d"], self._p["incubation_sd_d"]
        count, k = len(people), self._p["dispersion"]
        incubation = rng.gamma((mean / sd) ** 2, sd * sd / mean, count)
        quiet = rng.random(count) < self._p["asymptomatic_share"]
        self.strength[people] = rng.gamma(k, 1 / k, count)
        self.peak_ct[people] = rng.normal(self._p["ct_peak_mean"], self._p["ct_peak_sd"], count)
        self.infected_ms[people], self.infector[people], self.place[people] = at_ms, infector, place
        self._set(people, at_ms + seconds(incubation), quiet)

    def infect_to_infect(self, people: Ints, since_ms: Ints, rng: np.random.Generator) -> None:
        """These bring the infection in, and can infect others from `since_ms` on."""
        before = seconds(np.full(len(people), self._p["infectious_before_onset_d"]))
        latent = seconds(self._p["latent_min_d"] + rng.gamma(2.0, 0.4, len(people)))
        none = np.full(len(people), -1)
        self.infect(people, since_ms - latent, none, none, rng)
        self._set(people, since_ms + before, rng.random(len(people)) < self._p["asymptomatic_share"])

    def forget(self, people: Ints) -> None:
        """These were not infected after all: one of the two had been taken away before they met."""
        for column in (self.infected_ms, self.turned_ms, self.onset_ms, self.since_ms, self.until_ms):
            column[people] = UNKNOWN_MS
        self.infector[people] = self.place[people] = -1
        self.strength[people], self.peak_ct[people] = 0.0, _CT_NONE

    def _set(self, people: Ints, turned_ms: Ints, quiet: npt.NDArray[np.bool_]) -> None:
        earliest = self.infected_ms[people] + int(self._p["latent_min_d"] * DAY_MS)
        self.turned_ms[people] = turned_ms = np.maximum(turned_ms, earliest)
        self.onset_ms[people] = np.where(quiet, UNKNOWN_MS, turned_ms)
        before = turned_ms - int(self._p["infectious_before_onset_d"] * DAY_MS)
        self.since_ms[people] = np.maximum(before, earliest)
        self.until_ms[people] = turned_ms + int(self._p["infectious_after_onset_d"] * DAY_MS)

    def exposure(self, people: Ints, since_ms: Ints, until_ms: Ints) -> Floats:
        """Hours spent with these people, weighted by how infectious they were then: as many hours as it was, for a
        mean person at mean infectiousness."""
        zero = self.turned_ms[people] - int(self._p["infectious_before_onset_d"] * DAY_MS)
        spent = np.interp((until_ms - zero) / DAY_MS, _GRID, self.weight)
        spent -= np.interp((since_ms - zero) / DAY_MS, _GRID, self.weight)
        weighted: Floats = self.strength[people] * spent * _INFECTIOUS_DAYS_MEAN * 24
        return weighted

    def ct(self, people: Ints, at_ms: Ints) -> Floats:
        """Ct of a swab taken then; 45 for those who have nothing. It falls from six hours before infectiousness to
        the day after onset, and rises for eleven days. Source: design assumption [D]."""
        at = (at_ms - self.turned_ms[people]) / DAY_MS
        begins = np.minimum((self.since_ms[people] - self.turned_ms[people]) / DAY_MS - 0.25, 0.0)
        peak, depth = self.peak_ct[people], _CT_NONE - 5 - self.peak_ct[people]
        falling = np.clip((at - 1) / (begins - 1), 0, 1.5)
        rising = np.clip((at - 1) / 11, 0, 1.5)
        found = peak + depth * np.where(at < 1, falling, rising)
        return np.where(self.infected_ms[people] == UNKNOWN_MS, _CT_NONE, np.minimum(found, _CT_NONE))


def seconds(days: Floats) -> Ints:
    """Days as milliseconds, in whole seconds."""
    return (days * (DAY_MS // 1000)).astype(np.int64) * 1000
