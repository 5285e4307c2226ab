"""Growth: the simple law that a cost follows as its driver grows.

In: what was measured at some sizes. Out: a law with its residual and the range that it was measured in.
Invariant: both laws are fitted to the same points and judged alike: by the root mean square of the relative residuals.
Deliberately absent: laws with more than two constants, and any word on what lies outside the range.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["linear", "power"]
Points = Iterable[tuple[float, float]]
_Floats = npt.NDArray[np.float64]
_ALIKE = 1e-9
"""Residuals that are closer are alike; then the linear law is taken, as the simpler one to add up with."""


@dataclass(frozen=True)
class Law:
    """`linear`: a + b·n. `power`: a·n^b. `residual`: root mean square of (law − measured) / measured. `least`, `most`:
    the n that were measured, of `points` pairs."""

    kind: Kind
    a: float
    b: float
    residual: float
    least: float
    most: float
    points: int

    def at(self, n: float) -> float:
        """The cost at n; outside `least` to `most` a guess."""
        return self.a + self.b * n if self.kind == "linear" else float(self.a * n**self.b)

    def reaches(self, cost: float) -> float:
        """The n at which the cost is that; inf if it never is, 0 if it is already."""
        if self.b <= 0:
            return inf if cost > self.at(self.most) else 0.0
        if self.kind == "linear":
            return max((cost - self.a) / self.b, 0.0)
        return float((cost / self.a) ** (1 / self.b))

    def formula(self) -> str:
        """As it is written on a page."""
        if self.kind == "power":
            return f"{self.a:.3g}·n^{self.b:.2f}"
        return f"{self.a:.3g} {'−' if self.b < 0 else '+'} {abs(self.b):.3g}·n"

    def row(self) -> dict[str, Any]:
        return asdict(self)


def _columns(points: Points) -> tuple[_Floats, _Floats]:
    """Errors: ValueError for fewer than two sizes, or what is not above zero and has no relative residual."""
    pairs = np.array(list(points), np.float64).reshape(-1, 2)
    n, cost = pairs[:, 0], pairs[:, 1]
    if len(np.unique(n)) < 2:
        raise ValueError("a law needs two sizes at least")
    if (pairs <= 0).any():
        raise ValueError("sizes and costs must be above zero")
    return n, cost


def _law(kind: Kind, a: float, b: float, n: _Floats, cost: _Floats) -> Law:
    told = a + b * n if kind == "linear" else a * n**b
    residual = float(np.sqrt(np.mean(((told - cost) / cost) ** 2)))
    return Law(kind, float(a), float(b), residual, float(n.min()), float(n.max()), len(n))


def linear(points: Points) -> Law:
    """a + b·n by least squares of the relative residuals: each point weighs by one over its cost."""
    n, cost = _columns(points)
    scale = n.max()  # so that the two columns are of one size
    (a, b), *_ = np.linalg.lstsq(np.stack([1 / cost, n / scale / cost], axis=1), np.ones(len(n)), rcond=None)
    return _law("linear", a, b / scale, n, cost)


def power(points: Points) -> Law:
    """a·n^b by least squares on the logarithms."""
    n, cost = _columns(points)
    b, log_a = np.polyfit(np.log(n), np.log(cost), 1)
    return _law("power", np.exp(log_a), b, n, cost)


def fit(points: Points) -> Law:
    """The law with the smaller residual. Errors: ValueError for fewer than two sizes, or a cost of zero."""
    pairs = list(points)
    straight, bent = linear(pairs), power(pairs)
    return bent if bent.residual < straight.residual - _ALIKE else straight
