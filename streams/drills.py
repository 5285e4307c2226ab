"""Drills: one drill from its plan to a scored lake, embedded or through Kafka, in a folder of its own.

In: a plan, a folder. Out: `<folder>/records`, `records-truth`, `lake`, `slices.parquet`, `score.*`, `report.html`.
Invariant: a run begins from nothing, or, through Kafka, from the records of the same plan; what is no drill's is never
removed.
Deliberately absent: the terminal (streams/commands/drill.py) and what a score is (replay/score).
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from replay.plan import Plan
from replay.play import Progress, write_drill
from replay.report.page import write_report
from replay.score.ground import Sides
from replay.score.slices import SLICES, write_slices
from replay.score.tally import score_drill, write_score
from replay.score.tree import Score
from replay.transfers.names import drill_key
from schemas.departments import sources
from schemas.instants import day_number, day_start
from schemas.topics import source_topic
from streams.embedded import Embedded
from streams.errors import CommandError, asked
from streams.keyfile import default_path, find_key, lake_exists
from streams.loop import play_loop
from streams.opening import open_lake
from streams.packs import load_series
from streams.service.cluster import connected
from streams.service.rehearsal import rehearse
from streams.service.settings import Settings
from streams.slices import Told, feed_slices

_PLAYED = "played.json"


@dataclass(frozen=True)
class RunFolder:
    """Where everything of one run is."""

    path: Path

    @property
    def records(self) -> Path:
        return self.path / "records"

    @property
    def truth(self) -> Path:
        return self.path / "records-truth"

    @property
    def lake(self) -> Path:
        return self.path / "lake"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def slices(self) -> Path:
        return self.path / SLICES

    def holds(self, plan: Plan) -> bool:
        """Whether the records of just this plan are there, whole."""
        played = self.truth / _PLAYED
        if not played.is_file():
            return False
        told = json.loads(played.read_text(encoding="utf-8"))["plan"]
        return bool(told == json.loads(orjson.dumps(asdict(plan), default=str)))

    def forget_lake(self) -> None:
        """Removes the lake and what was told of it, not its key: its records are to be read anew."""
        shutil.rmtree(self.lake)
        self.slices.unlink()

    def clear(self) -> None:
        """Removes an earlier run. Errors: CommandError where the folder holds anything else."""
        made = (self.records, self.truth, self.lake, default_path(self.lake), self.report, self.slices)
        names = {path.name for path in made} | {"score.json", "score.parquet", "service.log"}
        strange = sorted(p.name for p in self.path.glob("*") if p.name not in names)
        if strange:
            hint = "choose another place: --out DIR"
            raise CommandError(f"{self.path} 已有其他文件 holds {strange[0]}, which is no drill's; {hint}")
        for name in names:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def write_records(plan: Plan, folder: RunFolder, sets: Path | None, progress: Progress) -> int:
    """Writes the drill's records and truth; how many records. Errors: CommandError."""
    with asked():
        return write_drill(plan, folder.records, sets, progress).records


def run_embedded(plan: Plan, folder: RunFolder, pace: float, tell: Callable[[Told], None]) -> str:
    """Feeds the records to an engine in this process, slice by slice; the digest of what it concluded."""
    first_ms = day_start(day_number(plan.first_day))
    with open_lake(folder.lake, None, plan.pack, may_create=True) as opened:
        engine = Embedded(opened.lake, opened.key, opened.packs)
        with asked():
            done = feed_slices(engine, folder.records, folder.truth, first_ms, pace, tell)
        write_slices(folder.slices, done)
        return engine.engine.publish().digest


def run_loop(
    plan: Plan, folder: RunFolder, sets: Path | None, pace: float, progress: Progress,
    tell: Callable[[Told], None],
) -> str:  # fmt: skip
    """Plays a drill with transfers, whose records are written while it goes on; the digest of what was concluded."""
    folder.path.mkdir(parents=True, exist_ok=True)
    default_path(folder.lake).write_text(drill_key(plan.seed, plan.name).to_json(), encoding="utf-8")
    with open_lake(folder.lake, None, plan.pack, may_create=True) as opened:
        with asked():
            told = play_loop(plan, folder.records, opened, sets, pace, progress, tell)
        write_slices(folder.slices, told.done)
        return told.engine.engine.publish().digest


def run_through_kafka(folder: RunFolder, settings: Settings, workers: int, say: Callable[[str], object]) -> None:
    """Publishes the records to a service on this machine, which goes on; returns when they are in a snapshot."""
    if not lake_exists(folder.lake) and asyncio.run(_written(settings)):
        raise CommandError(
            f"Kafka 中已有其他记录 the topics at {settings.bootstrap} hold other records, which a new lake would read, "
            "too; stop what reads them (brain drain) and empty the broker: brain broker down --wipe"
        )
    rehearse(settings, folder.records, workers, say)


async def _written(settings: Settings) -> bool:
    """Whether anything was ever written to the topics of the sources."""
    async with connected(settings) as cluster:
        topics = await cluster.partitions(source_topic(source) for source in sources())
        parts = [f"{topic}@{n}" for topic, count in topics.items() for n in range(count)]
        return any((await cluster.ends(parts)).values())


def score_run(plan: Plan, folder: RunFolder, tell: Callable[[str], None]) -> Score:
    """Scores a run against its truth; score and report are beside it. Errors: CommandError."""
    slices = folder.slices if folder.slices.is_file() else None
    with asked():
        packs = load_series(plan.pack)
    score = score_drill(Sides(folder.truth, folder.lake, find_key(folder.lake, None), packs, slices), tell)
    write_score(score, folder.path)
    write_report(score, folder.report)
    return score
