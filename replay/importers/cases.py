"""Cases: what published sets say of a case, as reports, specimens, admissions and discharges.

In: a person and the days that a set gives. Out: health records.
Invariant: a day without a time never shrinks a window: it begins for onset and sampling, it is over for isolation.
Deliberately absent: choosing which published day stands for which fact; each importer's docstring says that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from replay.importers.records import Body, Records

_SITE = "UNKNOWN"
"""No set names the site of isolation; the rules do not ask for it."""


@dataclass(frozen=True)
class Case:
    """One person's facts as instants; None: not given. `event_time` stands for records that have no time of their own;
    `kind`: of the identifier `number`."""

    number: str
    event_time: datetime
    classification: str = "confirmed"
    onset: datetime | None = None
    reported: datetime | None = None
    positive: datetime | None = None
    negatives: tuple[datetime, ...] = ()
    admitted: datetime | None = None
    discharged: datetime | None = None
    discovery: str | None = None
    kind: str = "person_no"


def write_case(records: Records, file: str, row: int, record_id: str, case: Case) -> None:
    """Writes the records of one case. `record_id`: unique to the row; what each record is, is added to it."""
    who = {"id_type": case.kind, "id_no": case.number}
    report = {
        **who,
        "classification": case.classification,
        "onset_at": case.onset,
        "reported_at": case.reported,
        "discovery": case.discovery,
    }
    records.add("health.case_report", file, row, record_id, case.reported or case.event_time, report)
    if case.positive is not None:
        write_specimen(records, file, row, record_id, who, case.positive, "positive")
    for at, sampled in enumerate(case.negatives, 1):
        write_specimen(records, file, row, f"{record_id}:n{at}", who, sampled, "negative")
    if case.admitted is not None:
        admission = {**who, "site_code": _SITE, "admitted_at": case.admitted}
        records.add("health.isolation_admission", file, row, record_id, case.admitted, admission)
    if case.discharged is not None:
        discharge = {**who, "site_code": _SITE, "discharged_at": case.discharged}
        records.add("health.isolation_discharge", file, row, record_id, case.discharged, discharge)


def write_specimen(
    records: Records, file: str, row: int, record_id: str, who: Body, sampled: datetime, result: str
) -> None:
    """A single specimen of one person and its result, both at the time of sampling."""
    tube = {"tube_code": record_id, "sampled_at": sampled, "pool_size": 1}
    records.add("health.nat_sample", file, row, record_id, sampled, {**who, **tube})
    finding = {"tube_code": record_id, "result": result, "reported_at": sampled}
    records.add("health.nat_result", file, row, record_id, sampled, finding)
