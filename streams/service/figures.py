"""Figures: how many, how fast and how spread, in a memory that does not grow with what is counted.

In: numbers, many at a time. Out: quantiles of what came last, records per second, metrics as Prometheus reads them.
Invariant: what is told of a number is a sum, a count or a rank; where it came from is not kept.
Deliberately absent: which metrics there are (metrics.py).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

Floats = npt.NDArray[np.float64]


class Spread:
    """A histogram. Many values cost what one costs: 100,000 of them one by one would hold up a commit for 0.1 s."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = np.array(bounds, np.float64)
        self._counts = np.zeros(len(bounds) + 1, np.int64)
        self.sum = 0.0

    def add(self, values: Sequence[float] | Floats) -> None:
        """Counts them. What is below zero counts as zero in the sum, which may only grow."""
        found = np.asarray(values, np.float64)
        self._counts += np.bincount(np.searchsorted(self._bounds, found), minlength=len(self._counts))
        self.sum += float(np.maximum(found, 0).sum())

    def buckets(self) -> list[tuple[str, float]]:
        """(upper bound, how many are no greater), the last one of all."""
        names = [*(str(bound) for bound in self._bounds.tolist()), "+Inf"]
        return list(zip(names, np.cumsum(self._counts).astype(float).tolist(), strict=True))


class Recent:
    """A sample of the values that came last: of each lot no more than `each`, evenly taken."""

    def __init__(self, size: int = 4_096, each: int = 512) -> None:
        self._size, self._each = size, each
        self._kept: Floats = np.zeros(0, np.float64)

    def add(self, values: Floats) -> None:
        taken = values[:: -(-len(values) // self._each)] if len(values) else values
        self._kept = np.concatenate([self._kept, taken])[-self._size :]

    def quantiles(self, *ranks: float) -> list[float | None]:
        """None while nothing has come."""
        if not len(self._kept):
            return [None] * len(ranks)
        return [round(float(q), 3) for q in np.quantile(self._kept, ranks)]


class Pace:
    """How many came per second within the last `window_s`, or since the start if that is shorter. Units: s."""

    def __init__(self, now: float, window_s: float = 60.0) -> None:
        self._window_s, self._start = window_s, now
        self._counts: deque[tuple[int, int]] = deque()

    def add(self, now: float, count: int) -> None:
        second, last = int(now), self._counts[-1] if self._counts else None
        if last is not None and last[0] == second:
            self._counts[-1] = (second, last[1] + count)
        else:
            self._counts.append((second, count))
        self._forget(now)

    def per_s(self, now: float) -> float:
        self._forget(now)
        spent = min(max(now - self._start, 1.0), self._window_s)
        return round(sum(count for _, count in self._counts) / spent, 3)

    def _forget(self, now: float) -> None:
        while self._counts and self._counts[0][0] <= now - self._window_s:
            self._counts.popleft()


@dataclass(frozen=True)
class Metric:
    """One metric. `kind`: counter, gauge or histogram, this one with the upper `bounds` of its buckets; `roles`: whose
    workers have it."""

    name: str
    kind: str
    about: str
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    bounds: tuple[float, ...] = ()


class Figures(Collector):
    """The metrics of one process, from any thread. To count what is not among them is a KeyError. `known`: values of
    labels that stand at 0 from the start, since no rate can be told of a series that is born with its first count.
    A gauge without labels is not there until it is set: nobody knows is not zero."""

    def __init__(self, metrics: Sequence[Metric], known: Mapping[str, Sequence[str]]) -> None:
        self._metrics, self._lock = {metric.name: metric for metric in metrics}, threading.Lock()
        self._values: dict[str, dict[tuple[str, ...], float]] = {}
        self._spreads: dict[str, dict[tuple[str, ...], Spread]] = {}
        for metric in metrics:
            first: list[tuple[str, ...]] = [] if metric.labels or metric.kind == "gauge" else [()]
            if len(metric.labels) == 1:
                first = [(value,) for value in known.get(metric.labels[0], ())]
            if metric.kind == "histogram":
                self._spreads[metric.name] = {labels: Spread(metric.bounds) for labels in first}
            else:
                self._values[metric.name] = dict.fromkeys(first, 0.0)

    def add(self, name: str, count: float, *labels: str) -> None:
        with self._lock:
            found = self._values[name]
            found[labels] = found.get(labels, 0.0) + count

    def set(self, name: str, value: float, *labels: str) -> None:
        with self._lock:
            self._values[name][labels] = float(value)

    def replace(self, name: str, values: Mapping[tuple[str, ...], float]) -> None:
        """These are all the series of a metric from now on."""
        with self._lock:
            self._values[name] = dict(values)

    def keep(self, name: str, label: str, values: Sequence[str]) -> None:
        """Forgets the series whose label is another."""
        at, kept = self._metrics[name].labels.index(label), set(values)
        with self._lock:
            self._values[name] = {labels: v for labels, v in self._values[name].items() if labels[at] in kept}

    def spread(self, name: str, values: Sequence[float] | Floats, *labels: str) -> None:
        with self._lock:
            self._spreads[name].setdefault(labels, Spread(self._metrics[name].bounds)).add(values)

    def collect(self) -> Iterator[Any]:
        with self._lock:
            found = [self._family(metric) for metric in self._metrics.values()]
        yield from found

    def _family(self, metric: Metric) -> Any:
        if metric.kind == "histogram":
            spread = HistogramMetricFamily(metric.name, metric.about, labels=metric.labels)
            for labels, values in sorted(self._spreads[metric.name].items()):
                spread.add_metric(labels, values.buckets(), values.sum)
            return spread
        made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        family = made(metric.name, metric.about, labels=metric.labels)
        for labels, value in sorted(self._values[metric.name].items()):
            family.add_metric(labels, value)
        return family
