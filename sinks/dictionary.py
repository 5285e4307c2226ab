"""Data dictionary: every column of the lake in words, made from the schemas.

In: the schemas. Out: Markdown; `python -m sinks.dictionary > docs/data-dictionary.md` writes the one in the repository.
Invariant: nothing is said here that the schemas do not say.
Deliberately absent: examples and figures; they differ from lake to lake.
"""

from __future__ import annotations

import sys

import pyarrow as pa

from schemas import codes, transfers
from schemas.facts import FACT_COLUMNS
from schemas.views import VIEWS
from sinks.parts import part_schema
from sinks.published_events import EVENTS_PUBLISHED
from sinks.render import published_schema
from sinks.sealed import REJECT_SCHEMA

_TITLES = {
    "cases": "病例 Cases: who is a case, and why",
    "exposures": "暴露 Exposures: who was where a case was infectious",
    "contacts": "接触者 Contacts: who must be found, and what follows",
    "contact_evidence": "接触证据 Contact evidence: the exposures that decided",
    "persons": "人员 Persons: the class that stands for each",
    "leads": "时空伴随线索 Leads: whom a human should ask, since phones were about together",
    "holds": "暂时管控 Holds: who must wait for a single-tube test",
    "findings": "数据问题 Findings: what is wrong in a department's rows, for it to mend",
    "transfers": "转运 Transfers: who is to be taken where, how far that is, and until when",
    "transfer_steps": "转运步骤 Transfer steps: a way step by step, with its records",
    "escalations": "逾期上报 Escalations: who is told of a transfer that is late",
    "vehicles": "转运车 Vehicles: where each is, its crew, what it holds",
    "beds": "床位 Beds: rooms of isolation sites and hospitals, and who is in them",
    "reviews": "人工复核 Reviews: what a human must settle",
    "presences": "出现 Presences: an identifier at a place for a time",
    "links": "关联 Links: who holds an identifier",
    "reports": "报告 Reports of cases",
    "samples": "采样 Samples",
    "results": "检测结果 Results of tubes",
    "admissions": "隔离开始 Admissions to isolation",
    "discharges": "隔离解除 Discharges from isolation",
    "dwells": "驻留 Dwells: a phone in a telecom grid cell for a time",
    "purchases": "购药 Purchases of medicines",
    "orders": "管控 Orders: contacts under control, as their list says it",
    "homes": "住址 Homes: who lives in which household or compound",
    "streets": "街道 Streets: where households and compounds are",
    "decisions": "转运决定 Decisions on transfers, of a human or of the command centre",
    "receipts": "转运回执 Receipts of transfers: what a crew or a site says has happened",
    "acks": "认领 Acknowledgements: who has taken a late transfer on",
    "ticks": "时刻 Ticks: instants that have come",
    "fleet": "车队 Fleet: transfer vehicles",
    "cleanings": "消毒 Cleanings of vehicles",
    "crews": "班组 Crews of vehicles, by shift",
    "pings": "定位 Pings: where a vehicle was",
    "sites": "隔离点 Sites of isolation and hospitals",
    "rooms": "房间 Rooms of sites",
    "duties": "值守 Duties: who answers for which homes",
    "dwellings": "房屋 Dwellings: where households and compounds are, coarsely",
    "traits": "特殊需要 Traits: what somebody's ride must provide for",
}
_VOCABULARIES = (
    codes.PlaceKind, codes.PersonClass, codes.Certainty, codes.Classification, codes.Result, codes.Discovery,
    codes.Medicine, codes.ContactDegree, codes.TraceStatus, codes.EpidemicStatus, codes.ObservationMode,
    transfers.Purpose, transfers.Step, transfers.TransferState, transfers.TransferFlag, transfers.HomeReason,
    transfers.Trait, transfers.CrewRole, transfers.SiteKind, transfers.Takes, transfers.DutyRole,
)  # fmt: skip
_HEAD = """# 数据字典 Data dictionary

Made from the schemas by `python -m sinks.dictionary`. 由数据结构自动生成。

- Codes: `P…` person 人员, `L…` place 场所, `C…` contact 接触关系; keyed pseudonyms of 16 hex digits.
- Times end in `_ms`: UTC epoch milliseconds, null when unknown or still open. Page times are at +08:00.
- A code column of text is empty, and a number null, where there is none or nobody knows. 空或 null：没有，或不详。
- Intervals are half-open: since ≤ t < until. 区间左闭右开。
"""


def _table(schema: pa.Schema) -> str:
    lines = ["| 列 column | 类型 type | 可空 null | 含义 meaning |", "|---|---|---|---|"]
    for f in schema:
        about = (f.metadata or {}).get(b"about", b"").decode().replace("|", "\\|")
        lines.append(f"| `{f.name}` | {_type(f.type)} | {'yes' if f.nullable else ''} | {about} |")
    return "\n".join(lines) + "\n"


def _type(kind: pa.DataType) -> str:
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def dictionary() -> str:
    """The whole data dictionary as Markdown."""
    parts = [_HEAD]
    parts.append("## 当前视图 Current view\n\n`current/<table>.parquet`; views of these names in `catalog.duckdb`.\n")
    parts += [f"### `{view}` {_TITLES[view]}\n\n{_table(published_schema(view))}" for view in VIEWS]
    parts.append(
        "## 记录与事实 Records and facts\n\n`facts/<table>/*.parquet`, every version as it came. A fact row names its "
        "record by `rec`, `version`, `withdrawn` and `digest`. UNKNOWN_MS is -2^62, BEGIN_MS -2^61, OPEN_MS 2^61.\n"
    )
    parts.append(f"### `records` 记录 Records, one row for each version read\n\n{_table(part_schema('records'))}")
    parts += [f"### `{table}` {_TITLES[table]}\n\n{_table(part_schema(table))}" for table in FACT_COLUMNS]
    parts.append(f"### `places` 场所 Places\n\n{_table(part_schema('places'))}")
    parts.append(f"## 事件 Events\n\n`events/*.parquet`: what changed, in order.\n\n{_table(EVENTS_PUBLISHED)}")
    parts.append(
        "## 拒收 Rejects\n\n`current/rejects.parquet`: lines that are no record. Their bytes are sealed elsewhere.\n\n"
        + _table(REJECT_SCHEMA)
    )
    parts.append("## 代码表 Code lists\n")
    for vocabulary in _VOCABULARIES:
        words = ", ".join(f"{member.value} `{member.name}`" for member in vocabulary)
        parts.append(f"- **{vocabulary.__name__}**: {words}")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dictionary())
