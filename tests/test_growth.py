"""Laws of growth: what was made by a law is found again, beneath noise too.

In: made-up points. Out: pass or fail.
Invariant: no time is measured.
Deliberately absent: what is measured (tests/test_bench_scale.py).
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest

from benchmarks.growth import fit, linear, power

N = np.geomspace(1e5, 3e7, 9)


def test_a_straight_line_is_found_again_and_so_is_a_power() -> None:
    line = fit((n, 900 + 8e-5 * n) for n in N)
    assert (line.kind, line.least, line.most, line.points) == ("linear", N[0], N[-1], 9)
    assert (line.a, line.b) == pytest.approx((900, 8e-5))
    assert line.residual < 1e-9
    bent = fit((n, 0.5 * n**0.75) for n in N)
    assert bent.kind == "power"
    assert (bent.a, bent.b) == pytest.approx((0.5, 0.75))
    assert bent.residual < 1e-9 < linear((n, 0.5 * n**0.75) for n in N).residual


def test_a_law_is_found_beneath_noise_and_its_residual_is_the_noise() -> None:
    rng = np.random.default_rng(7)
    law = fit((n, (900 + 8e-5 * n) * (1 + 0.02 * rng.standard_normal())) for n in np.geomspace(1e5, 3e7, 400))
    assert law.kind == "linear"
    assert (law.a, law.b) == pytest.approx((900, 8e-5), rel=0.02)
    assert law.residual == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize("fitted", [linear, power])
def test_where_a_law_reaches_a_cost_is_where_it_has_that_cost(fitted: Callable[[Any], Any]) -> None:
    law = fitted([(n, 3 * n) for n in N])
    assert law.at(law.reaches(1e9)) == pytest.approx(1e9)
    falling = fitted([(n, 1e9 / n) for n in N])
    assert falling.reaches(1e9) == inf


@pytest.mark.parametrize("points", [[], [(1, 1)], [(2, 1), (2, 3)], [(1, 0), (2, 1)]])
def test_no_law_is_made_of_one_size_or_of_no_cost(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match=r"law needs|above zero"):
        fit(points)
