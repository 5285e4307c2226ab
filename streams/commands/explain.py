"""`brain explain`: why somebody is a case, a contact, held or a lead, down to the lines of the files.

In: a code, a lake. Out: the explanation in Chinese, in English, or as a JSON tree.
Invariant: read-only; may be asked while an engine writes.
Deliberately absent: identifiers; `brain pseudonym` finds the code of one.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from brain.claims import Claim, render_text
from brain.explain import case_claim, explain
from brain.faults import finding_claim
from brain.provisional import hold_claim, lead_claim
from schemas.policy import Pack, PackSeries
from streams.current import Current, parsed_code
from streams.errors import FINDINGS, CommandError, asked
from streams.packs import load_pack
from streams.proof import PackNamed, find_origins, grounds_of
from streams.terminal import DEFAULT_LAKE, JsonOption, LakeOption, console, say_json


class Lang(StrEnum):
    """In which languages to answer."""

    zh = "zh"
    en = "en"
    both = "both"


PackFileOption = Annotated[
    Path | None,
    typer.Option("--pack", metavar="FILE", help="若湖由自备政策包生成 the .toml file, if the lake was made with one"),
]
ContactArgument = Annotated[
    str, typer.Argument(metavar="CODE", help="C…: 一个接触者 one contact; P…: 此人全部 all of a person")
]


def add_to(app: typer.Typer) -> None:
    app.command("explain", rich_help_panel="查询 read")(explain_command)


def explain_command(
    code: ContactArgument,
    lake: LakeOption = DEFAULT_LAKE,
    lang: Annotated[Lang, typer.Option("--lang", help="语言 language")] = Lang.both,
    pack: PackFileOption = None,
    json: JsonOption = False,
) -> None:
    """说明为何是接触者、被管控或为线索。Explain why somebody is a contact, is held or is a lead, and what would end it.

    例 examples:

      brain explain C0123456789abcdef --lang zh

      brain explain P0123456789abcdef --json
    """
    say_claims(claims_of(Current(lake), code, pack), lang, json)


def say_claims(claims: list[Claim], lang: Lang, json: bool) -> None:
    """Claims on the terminal, or as JSON."""
    if json:
        say_json([claim.to_dict() for claim in claims])
        return
    for claim in claims:
        console().print(render_text(claim, lang.value), markup=False, soft_wrap=True)


def packs_behind(current: Current, pack: Path | None) -> tuple[PackSeries, PackNamed]:
    """The packs that a lake was made with, and each by its name; `pack`: the file, if it is not one of the engine's."""
    own = load_pack(pack) if pack is not None else None

    def pack_named(name: str) -> Pack:
        return own if own is not None and own.name == name else load_pack(name)

    return PackSeries([pack_named(name) for name in current.manifest["packs"]]), pack_named


def claims_of(current: Current, code: str, pack: Path | None = None) -> list[Claim]:
    """One explanation for a contact's code; for a person's, of the case, every contact, hold and lead. Errors:
    CommandError."""
    code = parsed_code(code, "CP")
    with asked():
        packs, pack_named = packs_behind(current, pack)
        column = {"C": "contact_id", "P": "contact_person"}[code[0]]
        contacts = current.rows("contacts", **{column: code})
        cases = current.rows("cases", case_person=code) if code[0] == "P" else []
        claims = [case_claim(case, pack_named(case["pack"])) for case in cases]
        claims += [explain(g) for g in grounds_of(current, contacts, packs, pack_named)]
        if code[0] == "P":
            claims += provisional_of(current, code, packs, pack_named)
    if not claims:
        said = "不是病例或接触者，未被管控，也无线索 is no case, contact or lead and not held"
        raise CommandError(f"{code} {said} in snapshot {current.folder.name}", FINDINGS)
    return claims


def provisional_of(current: Current, person: str, packs: PackSeries, pack_named: PackNamed) -> list[Claim]:
    """Why a person is held, whose lead they are, and what is wrong in the rows about them."""
    holds, leads = current.rows("holds", person=person), current.rows("leads", person=person)
    findings = current.rows("findings", person=person)
    records = [record for row in holds for record in row["records"]]
    records += [record for row in findings for record in row["records"]]
    records += [lead[side] for lead in leads for side in ("case_record", "person_record")]
    at = find_origins(current, records, packs).at if records else {}
    claims = [hold_claim(hold, pack_named(hold["pack"]), at) for hold in holds]
    claims += [lead_claim(lead, pack_named(lead["pack"]), at) for lead in leads]
    return claims + [finding_claim(finding, pack_named(finding["pack"]), at) for finding in findings]
