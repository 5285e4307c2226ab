"""Statements: what a policy pack is made of, each number and rule with its source and whether it is confirmed.

In: nothing. Out: the pydantic models of a pack's parts.
Invariant: nothing has a default but a note; a statement without a source is an error at load.
Deliberately absent: the pack as a whole (schemas/policy.py), and what the rules make of records (brain/).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.codes import FIRST_VEHICLE, EpidemicStatus, PlaceKind

T = TypeVar("T")
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0, le=100_000)]
RuleClass = Literal["close", "venue_exposed", "general", "none"]


class Strict(BaseModel):
    """Everything in a pack: unknown keys and values of another type are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Statement(Strict):
    """Whatever in a pack carries a source of its own: a number, or a rule that holds several."""

    source: Text
    confirmed: bool
    note: str = ""


class Sourced(Statement, Generic[T]):
    """A number with its source."""

    value: T


class Window(Strict):
    """When a case's presences are infectious (docs/rules.md, section 4)."""

    lookback_days: Sourced[Count]
    days_after_anchor_max: Sourced[int]  # -1: no limit, the window stays open until isolation
    last_negative_opens: Sourced[bool]  # CC-3, cases found by repeated screening


class PlaceRule(Statement):
    """What sharing a place that is no vehicle makes of two people. `below`: when the time together is under the
    minimum."""

    rule: Text
    category: Text
    result: RuleClass
    overlap_s_min: Count
    below: RuleClass


class RideRule(Statement):
    """One row of the transport table (docs/rules.md, section 5). `scope` says who is within the circle of the
    case, `rest` what the others aboard are; `distance` counts rows or bays for the scopes `rows` and `bays`."""

    rule: Text
    mode: Literal["aircraft", "train", "coach", "bus", "metro", "ship", "taxi", "transfer"]
    sealed: bool | Literal["any"]
    scope: Literal["all", "rows", "carriage", "compartment", "bays"]
    distance: Count
    soft_sleeper_scope: Literal["compartment", "as_scope"]
    category: Text
    result: RuleClass
    rest: RuleClass
    overlap_s_min: Count
    below: RuleClass


class SymptomRule(Statement):
    """Symptoms during the ride: everybody aboard is in the circle, whatever the seat."""

    rule: Text
    enabled: bool
    category: Text
    result: RuleClass


class SecondaryRule(Statement):
    """Contacts of contacts (docs/rules.md, section 7). `kinds`: where the contact must have been together with a third
    person; `categories`: of which first-degree contacts, empty for all."""

    rule: Text
    enabled: bool
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    category: Text
    overlap_s_min: Count

    @model_validator(mode="after")
    def _kinds_exist(self) -> Self:
        grounded = [k.name for k in PlaceKind if k < FIRST_VEHICLE]
        for kind in self.kinds:
            if kind not in grounded:
                raise ValueError(f"kinds: {kind!r} is not a kind of place without wheels; expected among {grounded}")
        return self


class CompanionRule(Strict):
    """Leads from telecom grid dwells (docs/rules.md, section 9). `together_in`: where the time together must lie, in
    the infectious window or anywhere in the look-back."""

    rule: Text
    enabled: Sourced[bool]
    lookback_days: Sourced[Count]
    together_in: Sourced[Literal["window", "lookback"]]
    together_minutes_over: Sourced[Count]
    stay_hours_over: Sourced[Count]


class PoolHold(Statement):
    """Everybody in a positive tube of several people is held (docs/rules.md, section 10)."""

    rule: Text
    enabled: bool


class MedicineHold(Statement):
    """Whoever buys one of these medicines is held (docs/rules.md, section 10)."""

    rule: Text
    enabled: bool
    medicines: tuple[Literal["antipyretic", "cough", "antiviral", "antibiotic"], ...]


class FindingRule(Statement):
    """An error in a row of a contact under control (docs/rules.md, section 13)."""

    rule: Text
    enabled: bool


class CheckInRule(FindingRule):
    """Days from the last contact to moving in, both included, within which the transfer is taken as done."""

    days_min: Count
    days_max: Count


class CaseStatusRule(FindingRule):
    """`statuses`: those that fit somebody who is a case."""

    statuses: tuple[str, ...]

    @model_validator(mode="after")
    def _statuses_exist(self) -> Self:
        for status in self.statuses:
            if status not in EpidemicStatus.__members__:
                raise ValueError(f"statuses: {status!r} is no status; expected among {[*EpidemicStatus.__members__]}")
        return self


class FindingRules(Strict):
    """Every kind of error that is looked for; the names are those of the view `findings`."""

    wrong_street: FindingRule
    trace_missing: FindingRule
    province_missing: FindingRule
    last_contact_missing: FindingRule
    case_missing: FindingRule
    case_unknown: FindingRule
    contact_missing: FindingRule
    contact_unknown: FindingRule
    central_unsettled: FindingRule
    transfer_done: CheckInRule
    case_as_contact: CaseStatusRule
    case_unreported: FindingRule

    def rules(self) -> Iterator[tuple[str, FindingRule]]:
        """Every kind with its rule, in this order."""
        yield from ((kind, getattr(self, kind)) for kind in type(self).model_fields)


class Management(Statement):
    """Isolation and tests, counted from day 0, the local day of the last exposure. Days are whole days after it."""

    isolation_days: Count
    isolation_mode: Literal["central", "home", "none"]
    monitoring_days: Count
    test_days: tuple[Count, ...]


class TransferRules(Strict):
    """Deadlines of a transfer, who is told when one is missed, and what a plan must respect (docs/transfers.md)."""

    rule: Text
    case_hours: Sourced[Count]
    close_hours: Sourced[Count]
    secondary_hours: Sourced[Count]
    warning_minutes: Sourced[Count]
    answer_building_minutes: Sourced[Count]
    answer_grid_minutes: Sourced[Count]
    answer_secretary_minutes: Sourced[Count]
    answer_cadre_minutes: Sourced[Count]
    floors: Sourced[Count]
    floor_restart_days: Sourced[Count]
    cleaning_minutes: Sourced[Count]
    single_rooms: Sourced[bool]
    disinfection_minutes: Sourced[Count]
    crew_hours_max: Sourced[Count]
    crew_test_hours_max: Sourced[Count]
    boarding_minutes: Sourced[Count]
    speed_kmh: Sourced[Count]
