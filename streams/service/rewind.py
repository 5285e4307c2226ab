"""Rewind: the intake workers' group is set to where the lake ends, so that what it lacks is read again.

In: an open lake, a stopped service. Out: where each partition will be read on from.
Invariant: no record that the broker still has and the lake lacks is passed over; what the broker has let go is passed
over only for a reason that is kept.
Deliberately absent: changing how far the lake has read a source. The writer itself accepts a hole at the beginning of a
topic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.departments import sources
from schemas.topics import FACTS, source_topic
from sinks.lake import Lake
from streams.errors import FINDINGS, CommandError
from streams.service.cluster import Cluster, connected
from streams.service.settings import Settings
from streams.service.topics import compare_progress

LOSS_ACCEPTED = "loss_accepted"
_SHOWN = 5


@dataclass(frozen=True)
class Rewound:
    """One partition of a source. `before`: what the group had acknowledged; `to`: what it has now; `lost`: offsets that
    neither the lake nor the broker has."""

    part: str
    before: int | None
    to: int
    lost: int


async def rewind(settings: Settings, lake: Lake, reason: str | None = None, actor: str = "") -> list[Rewound]:
    """Sets the group; every partition of every source. `reason`: why a loss is accepted, for the audit log, and
    `actor` by whom. Errors: CommandError while workers are in the group, where the topics are not those the lake read,
    or for a loss that is not accepted; then nothing was changed."""
    from streams.service.agents import intake_group  # here: it brings all of Faust, and every command would wait for it

    name = intake_group(settings)
    async with connected(settings) as cluster:
        await _nobody_reads(cluster, name)
        await compare_progress(cluster, lake.progress())
        found = await _planned(cluster, name, lake)
        lost = [part for part in found if part.lost]
        if lost and reason is None:
            raise CommandError(_loss(lost), FINDINGS)
        for part in lost:
            lake.audit(LOSS_ACCEPTED, reason or "", f"{part.part}: {part.to - part.lost} to {part.to}", actor)
        await cluster.commit(name, {part.part: part.to for part in found})
        await _pass_over_hops(cluster, lake)
    return found


async def _pass_over_hops(cluster: Cluster, lake: Lake) -> None:
    """The hops that the lake lacks are made anew from the records; among the old ones is the one behind the hole, which
    would stop the writer again. Killed before this, the next rewind does it."""
    there = await cluster.partitions([FACTS])
    ends = await cluster.ends(f"{FACTS}@{n}" for n in range(there.get(FACTS, 0)))
    reached = lake.progress()
    lake.commit([], [], [], {part: end for part, end in ends.items() if end > reached.get(part, 0)}, {})


async def _nobody_reads(cluster: Cluster, name: str) -> None:
    group = await cluster.group(name)
    if not group.empty:
        who = ", ".join(sorted(set(group.owners.values()))) or group.state
        raise CommandError(
            f"仍在读取 intake workers are still reading ({who}); stop the service first: brain drain; after a kill, "
            f"wait {cluster.settings.session_timeout_s:g} s until the broker has noticed"
        )


async def _planned(cluster: Cluster, name: str, lake: Lake) -> list[Rewound]:
    there = await cluster.partitions(source_topic(source) for source in sources())
    parts = [f"{topic}@{n}" for topic, count in sorted(there.items()) for n in range(count)]
    starts, before, progress = await cluster.starts(parts), await cluster.committed(name), lake.progress()
    return [
        Rewound(p, before.get(p), max(progress.get(p, 0), starts[p]), max(0, starts[p] - progress.get(p, starts[p])))
        for p in parts
    ]


def _loss(lost: Sequence[Rewound]) -> str:
    worst = sorted(lost, key=lambda part: (-part.lost, part.part))
    names = ", ".join(f"{part.part} ({part.lost:,})" for part in worst[:_SHOWN])
    more = f" … {len(worst) - _SHOWN} more partitions" if len(worst) > _SHOWN else ""
    return (
        f"记录已失 {sum(part.lost for part in lost):,} offsets were gone from Kafka before the lake had them: "
        f"{names}{more}; nothing was changed. Have the departments send those records again, then go on with "
        "--accept-loss --reason TEXT"
    )
