"""A million presences: the records of a district on a bad day, written as departments write them.

In: numbers of people, presences and cases, a seed. Out: a RECORDS folder.
Invariant: same arguments, same bytes.
Deliberately absent: realism beyond sizes; who meets whom is drawn, not lived (replay/scenes/town.py lives it).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from schemas.identifiers import check_digit
from schemas.instants import local_text

DAY_0_S = 1_646_582_400
"""2022-03-07 00:00 at +08:00, in epoch seconds."""
DAYS = 7
_HEAD = '{{"source_record_id":"{id}","event_time":"{at}","version":{version},"operation":"upsert",'


def resident_id(number: int) -> str:
    first = (
        f"990103{1940 + number % 70}{1 + number // 70 % 12:02d}{1 + number // 840 % 28:02d}{number // 23520 % 1000:03d}"
    )
    return first + check_digit(first)


def _iso(second: int) -> str:
    day = local_text(second * 1000)
    return f"{day[:10]}T{day[11:]}:00+08:00"


class Million:
    """The writer. Shape: people are numbers; every third rides with a card that a register links to them."""

    def __init__(self, presences: int, people: int, cases: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.presences, self.cases = presences, cases
        self.ids = [resident_id(n) for n in range(people)]
        self.minutes = [_iso(DAY_0_S + 60 * minute) for minute in range(DAYS * 24 * 60 + 24 * 60)]
        self.sick = self.rng.choice(people, cases, replace=False)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for source, lines in {
            "police.resident_register": self._register(),
            "transport.card_holder": self._cards(),
            "transport.tap": self._taps(self.presences * 5 // 10),
            "health.survey_leg": self._legs(self.presences * 3 // 10),
            "transport.ticket": self._tickets(self.presences * 2 // 10),
            "health.case_report": self._cases(),
            "health.isolation_admission": self._admissions(),
        }.items():
            with (folder / f"src.{source}.ndjson").open("w", encoding="utf-8") as file:
                file.writelines(lines)

    def _head(self, prefix: str, number: int, minute: int, version: int = 1) -> str:
        return _HEAD.format(id=f"{prefix}-{number}", at=self.minutes[minute], version=version)

    def _register(self) -> Iterator[str]:
        for n, resident in enumerate(self.ids):
            yield (
                f'{self._head("REG", n, 0)}"id_type":"resident_id","id_no":"{resident}",'
                f'"household_code":"H{n // 3}","phones":["100{n:08d}"]}}\n'
            )

    def _cards(self) -> Iterator[str]:
        for n in range(0, len(self.ids), 3):
            yield (
                f'{self._head("CARD", n, 0)}"card_no":"9901{n:08d}","id_type":"resident_id","id_no":"{self.ids[n]}"}}\n'
            )

    def _draw(self, count: int) -> Iterator[tuple[int, int, int, int]]:
        """(person, minute it begins, minutes it lasts, a number for the place)."""
        people = self.rng.integers(0, len(self.ids), count)
        begins = self.rng.integers(0, DAYS * 24 * 60, count)
        lasts = self.rng.integers(5, 120, count)
        places: npt.NDArray[np.int64] = self.rng.integers(0, 1 << 30, count)
        return zip(people.tolist(), begins.tolist(), lasts.tolist(), places.tolist(), strict=True)

    def _taps(self, count: int) -> Iterator[str]:
        for n, (person, at, lasts, place) in enumerate(self._draw(count)):
            carried = person - person % 3
            yield (
                f'{self._head("TAP", n, at)}"id_type":"transit_card","id_no":"9901{carried:08d}","mode":"bus",'
                f'"line":"{place % 90}","vehicle":"B{place % 1500:05d}","on_at":"{self.minutes[at]}",'
                f'"off_at":"{self.minutes[at + lasts]}"}}\n'
            )

    def _legs(self, count: int) -> Iterator[str]:
        kinds = ("restaurant", "venue", "room", "venue")
        for n, (person, at, lasts, place) in enumerate(self._draw(count)):
            kind = kinds[place % 4]
            yield (
                f'{self._head("LEG", n, at)}"id_type":"resident_id","id_no":"{self.ids[person]}","place_kind":"{kind}",'
                f'"place_code":"V{place % 9000}","since_at":"{self.minutes[at]}",'
                f'"until_at":"{self.minutes[at + lasts]}"}}\n'
            )

    def _tickets(self, count: int) -> Iterator[str]:
        for n, (person, at, lasts, place) in enumerate(self._draw(count)):
            at = at // 240 * 240 + place % 7  # trains leave every four hours
            day = self.minutes[at][:10]
            yield (
                f'{self._head("TIC", n, at)}"id_type":"resident_id","id_no":"{self.ids[person]}","mode":"train",'
                f'"vehicle":"G{place % 40}","service_date":"{day}","carriage":"{1 + place % 16:02d}",'
                f'"seat":"{1 + place // 16 % 18}{"ABCDF"[place // 300 % 5]}","depart_at":"{self.minutes[at]}",'
                f'"arrive_at":"{self.minutes[at + 60 + lasts]}"}}\n'
            )

    def _cases(self) -> Iterator[str]:
        for n, person in enumerate(self.sick.tolist()):
            onset = (2 + n % 4) * 1440 + n * 7 % 1440
            yield (
                f'{self._head("CASE", n, onset + 600)}"id_type":"resident_id","id_no":"{self.ids[person]}",'
                f'"classification":"confirmed","onset_at":"{self.minutes[onset]}",'
                f'"reported_at":"{self.minutes[onset + 600]}"}}\n'
            )

    def _admissions(self) -> Iterator[str]:
        for n, person in enumerate(self.sick.tolist()):
            admitted = (2 + n % 4) * 1440 + n * 7 % 1440 + 1500
            yield (
                f'{self._head("ADM", n, admitted)}"id_type":"resident_id","id_no":"{self.ids[person]}",'
                f'"site_code":"S{n % 8}","admitted_at":"{self.minutes[min(admitted, len(self.minutes) - 1)]}"}}\n'
            )

    def amended_onset(self, folder: Path) -> None:
        """A second delivery: one case's onset, a day earlier, as version 2."""
        onset = 2 * 1440 - 1440
        line = (
            f'{self._head("CASE", 0, onset + 600, version=2)}'
            f'"id_type":"resident_id","id_no":"{self.ids[self.sick[0]]}",'
            f'"classification":"confirmed","onset_at":"{self.minutes[onset]}"}}\n'
        )
        (folder / "src.health.case_report.2.ndjson").write_text(line, encoding="utf-8")
