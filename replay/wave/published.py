"""Published: the figures that a wave's own are held against, with their sources and the bounds we ask for.

In: nothing, and the folder of the published curve where it is at hand. Out: `PUBLISHED`, a curve's growth.
Invariant: a bound is stated here once; tests and the table use the same.
Deliberately absent: any figure of ours.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from replay.wave.figures import growth

_FROM, _UNTIL = date(2022, 3, 1), date(2022, 3, 16)
"""The rise of the curve: from the first days with more than a few cases to its first height."""


@dataclass(frozen=True)
class Published:
    """`run`: of the wave left to itself, or of the wave that is tested for as on ordinary days. `low`, `high`: bounds
    that ours must keep, over several seeds; wide, since few people infect most, and one city is one draw."""

    title: str
    run: str
    value: str
    source: str
    low: float
    high: float


PUBLISHED: dict[str, Published] = {
    "household_attack_rate": Published("household attack rate", "tested", "20.8 %", "S58-S60 [A]", 0.12, 0.30),
    "contact_attack_rate": Published(
        "attack rate, contacts of ≥ 15 min", "tested", "3.8 %", "S58-S60 [A]", 0.015, 0.06
    ),
    "incubation_mean_d": Published("incubation, mean days", "alone", "3.8", "Hangzhou, S59 [A]", 3.4, 4.2),
    "generation_time_mean_d": Published(
        "generation time, mean days", "alone", "5.2 → 2.2", "Beijing, S58 [A]", 3.0, 6.0
    ),
    "serial_interval_median_d": Published("serial interval, median days", "tested", "3 (2-5)", "S58-S60 [A]", 2.0, 5.0),
    "presymptomatic_share": Published(
        "infected before the infector's onset", "alone", "33.6 %", "S58-S60 [A]", 0.2, 0.5
    ),
    "share_seeded_by_9_percent": Published("seeded by the first 9 % of cases", "alone", "80 %", "S61 [A]", 0.6, 0.95),
    "reproduction_number": Published("reproduction number", "alone", "4.98 (2.22-9.04)", "Beijing, S58 [A]", 2.2, 9.0),
    "ct_median": Published("Ct when found, median", "tested", "about 23", "Henan BA.2.2, S60 [A]", 20.0, 27.0),
}


def curve_growth(folder: Path) -> float | None:
    """Daily growth rate of the published curve of Jilin province in the rise, None where it is not at hand. A day
    without a figure is reported on the next."""
    files = sorted(folder.glob("jhu_jilin_*.csv"))
    if not files:
        return None
    counts = []
    with files[0].open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if _FROM <= date.fromisoformat(row["date"]) <= _UNTIL:
                counts.append(round(float(row["new_confirmed"])))
    return growth(np.array(counts, np.int64))
