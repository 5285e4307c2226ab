"""Populations: one emergency day of a district, a city and a larger one through the embedded engine.

In: numbers of residents, a scratch folder. Out: a row for each: what a record costs, memory, restoring, the digest.
Invariant: who writes the records has ended before the engine starts; an engine that is started again, and the oracle
of no more than a million people where it has room, say the same, or the row is void.
Deliberately absent: several days (days.py), the broker, and cities of other shapes: all are the drill's, larger.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.day import plan_of
from benchmarks.days import parts_of, restart
from benchmarks.whole import Timed, command
from benchmarks.workers import Row, apart, read, write
from replay.plan import Plan
from replay.play import day_name
from replay.sheets import REGISTERS_DAY

_ORACLE_KIB_A_PERSON = 6.0
"""Memory of the oracle at the peak: 3,761 MiB with registers and day of 650,000. Source: results/day.json, 0f71252."""
_ORACLE_PEOPLE = 1_000_000
"""Of more the oracle is not asked, which takes longer than the engine: an engine that is started again must agree."""
_SHARE = 0.8
"""Of the memory that is available, so much may be asked for."""
_DISK_KIB_A_PERSON = 4.5
"""Records, truth and lake of registers and one day of 20,000 people take 2.0 + 0.2 + 1.0; larger lakes take less."""


def population(residents: int, scratch: Path, key: Path) -> Row:
    """Registers and one day of so many residents. Units: as workers.read tells them, MiB. Errors: OSError when there is
    no room on the disk, before anything is written."""
    if (free := shutil.disk_usage(scratch).free / 1024) < residents * _DISK_KIB_A_PERSON:
        raise OSError(f"{residents:,} people take {residents * _DISK_KIB_A_PERSON / 2**20:.1f} GiB of disk, "
                      f"{free / 2**20:.1f} are free: give another folder by TMPDIR")  # fmt: skip
    plan = plan_of(residents)
    folder = scratch / f"people-{residents}"
    folder.mkdir()
    try:
        return _measured(plan, folder, key)
    finally:
        shutil.rmtree(folder)


def _measured(plan: Plan, folder: Path, key: Path) -> Row:
    records, lake = folder / "records", folder / "lake"
    with apart(write, plan, records) as writer:
        written = writer.recv()
        writer.send(None)
        written |= writer.recv()
    days = {"registers": REGISTERS_DAY, "day": 0}
    parts = {step: parts_of(records, day_name(plan.first_day, number)) for step, number in days.items()}
    sizes = {step: sum(part.path.stat().st_size for part in found) for step, found in parts.items()}
    row: Row = {"residents": plan.residents, "written": written, "bytes": sizes}
    with apart(read, lake, key, plan.pack) as engine:
        engine.recv()
        for step, found in parts.items():
            engine.send(found)
            row[step] = engine.recv()
        engine.send(None)
    row["restart"] = restart(lake, key, plan.pack)
    digests = {row["day"]["digest"], row["restart"]["digest"]}
    row["oracle"] = _oracle(plan, records, key)
    if row["oracle"]:
        digests.add(row["oracle"]["digest"])
    void = "" if len(digests) == 1 else "digests differ"
    if row["day"]["records"] + row["registers"]["records"] != written["records"]:
        void = "not every record was read"
    if row["registers"]["rejected"]:  # they have no faults: made-up identifiers have run out of valid forms
        void = f"{row['registers']['rejected']:,} records of registers were refused"
    return row | {"digest": row["day"]["digest"], "void": void}


def _oracle(plan: Plan, records: Path, key: Path) -> Row | None:
    """The oracle over the same files; None of too many people, or where it would not have room."""
    if plan.residents > _ORACLE_PEOPLE or plan.residents * _ORACLE_KIB_A_PERSON > _SHARE * _available_kib():
        return None
    took = Timed()
    told = command("oracle", str(records), "--key", str(key), "--pack", plan.pack, into=took)
    return {"digest": told["digest"], "cpu_s": took.cpu_s[0], "wall_s": took.wall_s[0], "peak_mib": took.peak_mib[0]}


def _available_kib() -> int:
    told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    return int(told["MemAvailable"].split()[0])
