"""The command line: what a user types, sees and gets back as exit code, and that no identifier is ever shown.

In: a small drill. Out: pass or fail.
Invariant: an answer goes to standard output, a complaint is one line on standard error without a traceback.
Deliberately absent: what the answers mean.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

import streams.cli
from replay.scenes.drill import write_drill
from schemas.identifiers import read_identifier
from schemas.keys import Key, pseudonym
from streams.cli import app, main
from streams.keyfile import find_key

COMMANDS = (
    "run", "cases", "contacts", "explain", "rejects", "packs", "digest", "oracle", "pseudonym", "reviews", "audit",
    "import", "drill", "transfers", "transfer", "beds", "fleet", "bench",
)  # fmt: skip
READERS = ("cases", "contacts", "reviews", "digest", "rejects", "transfers", "beds", "fleet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    write_drill(folder / "records", people=220)
    assert main(["run", str(folder / "records"), "--lake", str(folder / "lake")]) == 0
    return folder


@pytest.fixture
def brain(folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command against the lake: (exit code, standard output, standard error)."""

    def call(*arguments: str, lake: bool = True) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, *(["--lake", str(folder / "lake")] if lake else [])])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_teaches_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"], terminal_width=200)
    assert result.exit_code == 0
    assert f"brain {command}" in result.output
    assert re.search(r"[\u4e00-\u9fff]", result.output), "Chinese comes first"


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert all(command in out for command in COMMANDS)
    assert err == ""


@pytest.mark.parametrize(
    "arguments", [["case"], ["cases", "--jsn"], ["explain"], ["contacts", "--degree", "7"], ["packs", "sho"], ["run"]]
)
def test_what_was_typed_wrongly_is_told_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "--help" in err


@pytest.mark.parametrize("command", READERS)
def test_every_list_can_be_read_by_a_script(brain: Any, command: str) -> None:
    code, out, err = brain(command, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)
    assert brain(command)[0] == 0


def test_contacts_can_be_narrowed_to_a_case_and_a_degree(brain: Any) -> None:
    cases = json.loads(brain("cases", "--json")[1])
    everybody = json.loads(brain("contacts", "--json", "--limit", "0")[1])
    first = json.loads(
        brain("contacts", "--json", "--limit", "0", "--degree", "1", "--case", cases[0]["case_person"])[1]
    )
    wanted = [r for r in everybody if r["degree"] == 1 and r["case_person"] == cases[0]["case_person"]]
    assert sorted(r["contact_id"] for r in first) == sorted(r["contact_id"] for r in wanted)
    assert len(json.loads(brain("contacts", "--json", "--limit", "3")[1])) == 3
    assert "--limit 0" in brain("contacts", "--limit", "3")[1]


def test_an_explanation_can_be_had_in_both_languages_and_as_a_tree(brain: Any) -> None:
    contact = json.loads(brain("contacts", "--degree", "2", "--json", "--limit", "1")[1])[0]
    both = brain("explain", contact["contact_id"])[1]
    zh = brain("explain", contact["contact_id"].upper().replace("C", "c", 1), "--lang", "zh")[1]
    en = brain("explain", contact["contact_id"], "--lang", "en")[1]
    assert both.split() == (zh + en).split()
    person = json.loads(brain("explain", contact["contact_person"], "--json")[1])
    assert contact["contact_id"] in [claim["en"].split(":")[0] for claim in person]


def test_a_case_is_explained_by_its_window(brain: Any) -> None:
    case = json.loads(brain("cases", "--json")[1])[0]["case_person"]
    assert "传染期" in brain("explain", case)[1]


def test_who_is_no_contact_is_a_finding_and_no_code_is_a_wrong_question(brain: Any) -> None:
    assert brain("explain", "P0000000000000001")[0] == 1
    code, out, err = brain("explain", "13800138000")
    assert (code, out) == (2, "")
    assert "13800138000" not in err


def test_the_oracle_agrees_with_the_lake(brain: Any, folder: Path) -> None:
    code, out, _ = brain("oracle", str(folder / "records"), "--json")
    found = json.loads(out)
    assert (code, found["equal"], found["differing"]) == (0, True, {})
    assert found["digest"] == brain("digest")[1].strip()
    assert brain("oracle", str(folder / "records"))[0] == 0


def test_the_oracle_names_the_rows_that_differ(brain: Any, folder: Path, tmp_path: Path) -> None:
    for path in (folder / "records").glob("src.*"):
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if b'"source_record_id":"CRH-000001"' not in line]
        (tmp_path / path.name).write_bytes(b"".join(kept))
    code, out, _ = brain("oracle", str(tmp_path), "--json")
    found = json.loads(out)
    assert (code, found["equal"]) == (1, False)
    assert found["differing"]["cases"]["lake_only"]
    code, out, _ = brain("oracle", str(tmp_path))
    assert code == 1
    assert "lake_only" in out


def test_a_pseudonym_needs_a_reason_and_leaves_a_line_in_the_audit_log(
    brain: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = orjson.loads((folder / "records" / "src.police.phone_ownership.ndjson").read_bytes().splitlines()[0])
    phone, owner = body["phone"], (body["id_type"], body["id_no"])
    key = Key.from_json((folder / "lake.key").read_text())
    monkeypatch.setattr(sys, "stdin", io.StringIO(f" {phone}\n"))
    code, out, _ = brain("pseudonym", "phone", "-", "--reason", "call-back", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["code"] == pseudonym(key.identifier("phone", read_identifier("phone", phone)))
    people = {holding["person"] for holding in found["holdings"]}
    monkeypatch.setattr(sys, "stdin", io.StringIO(owner[1]))
    _, out, _ = brain("pseudonym", owner[0], "-", "--reason", "call-back", "--json")
    assert {h["person"] for h in json.loads(out)["holdings"]} <= people
    log = json.loads(brain("audit", "--json")[1])
    assert [line["action"] for line in log[-2:]] == ["pseudonym", "pseudonym"]
    assert log[-2]["subject_code"] == found["code"]
    assert log[-2]["reason"] == "call-back"
    assert phone not in json.dumps(log)


def test_a_wrong_identifier_is_refused_without_being_repeated(brain: Any) -> None:
    for arguments in (
        ("resident_id", "220102199003071234"),
        ("phone", "1380013-8000-x"),
        ("shoe_size", "42424242"),
        ("phone", "138", "00138000"),
    ):
        code, out, err = brain("pseudonym", *arguments, "--reason", "test")
        assert (code, out) == (2, "")
        assert not any(text in err for text in arguments[1:])
    assert brain("pseudonym", "phone", "13800138000", "--reason", "  ")[0] == 2


def test_rejects_are_read_again_and_those_that_stay_wrong_stay(brain: Any) -> None:
    before = json.loads(brain("rejects", "--json", "--limit", "0")[1])
    code, out, _ = brain("rejects", "--replay", "--json")
    assert code == 0
    assert json.loads(out)["still_rejected"] == len(before)
    assert json.loads(out)["accepted"] == 0
    assert json.loads(brain("rejects", "--json", "--limit", "0")[1]) == before


def test_packs_are_listed_and_shown(brain: Any) -> None:
    names = [pack["name"] for pack in json.loads(brain("packs", "--json", lake=False)[1])]
    assert "cn-8" in names
    assert "CC-4.4-room" in brain("packs", "show", "cn-8", lake=False)[1]
    assert json.loads(brain("packs", "show", "cn-8", "--json", lake=False)[1])["name"] == "cn-8"
    code, _, err = brain("packs", "show", "cn-99", lake=False)
    assert code == 2
    assert "cn-8" in err


def test_the_key_is_made_beside_the_lake_for_its_owner_alone(folder: Path) -> None:
    key = folder / "lake.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list((folder / "lake").rglob("*.key"))
    secret = json.loads(key.read_text())["secret"].encode()
    assert not any(secret in path.read_bytes() for path in (folder / "lake").rglob("*") if path.is_file())


def test_a_lake_without_its_key_is_an_error_that_says_where_it_should_be(
    brain: Any, folder: Path, tmp_path: Path
) -> None:
    code, _, err = brain("run", str(folder / "records"), "--key", str(tmp_path / "lost.key"))
    assert code == 2
    assert "lost.key" in err
    assert "--key" in err
    (tmp_path / "other.key").write_text(Key.create().to_json())
    code, _, err = brain("run", str(folder / "records"), "--key", str(tmp_path / "other.key"))
    assert code == 2
    assert "key" in err
    inside = folder / "lake" / "k.key"
    assert brain("run", str(folder / "records"), "--key", str(inside))[0] == 2


def test_a_key_that_was_made_is_found_again(tmp_path: Path) -> None:
    made = find_key(tmp_path / "lake", None, may_create=True)
    assert find_key(tmp_path / "lake", None, may_create=True) == made


def test_of_pack_and_lake_that_do_not_fit_the_user_is_told_which_to_pass(brain: Any, folder: Path) -> None:
    code, _, err = brain("run", str(folder / "records"), "--pack", "who-2021")
    assert code == 2
    assert "'cn'" in err


@pytest.mark.parametrize("command", [*READERS, "audit"])
def test_a_lake_that_is_not_there_is_an_error_that_says_how_to_make_one(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--lake", str(tmp_path / "none")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "brain run" in err
    assert not (tmp_path / "none").exists()


def test_a_torn_file_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "src.transport.tap.ndjson.gz").write_bytes(b"\x1f\x8b\x08")
    assert main(["run", str(tmp_path / "records"), "--lake", str(tmp_path / "lake"), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["troubles"]
    assert "src.transport.tap.ndjson.gz" in err


def test_an_error_of_the_program_is_one_line_without_a_value(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "".join(["138", "0013", "8000"])  # not in the source, which --debug may quote

    def fall(**_: Any) -> None:
        raise KeyError(number)

    monkeypatch.setattr(streams.cli, "app", fall)
    for arguments in (["cases"], ["cases", "--debug"]):
        assert main(arguments) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert "KeyError" in err
        assert number not in err
        assert "test_cli.py" in err
    assert main(["cases"]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_ones_own_files_become_records_and_a_lake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cases.csv").write_text(
        "person,onset_at,sampled_at,reported_at,isolated_at,classification\n"
        "N1,2022-03-06T10:00,2022-03-07T10:00,,2022-03-08T15:30,confirmed\n"
    )
    (tmp_path / "presences.csv").write_text(
        "person,place,kind,since,until,vehicle,carriage,seat\n"
        "N1,office 4,room,2022-03-05T09:00,2022-03-05T17:00,,,\nN2,office 4,room,2022-03-05T16:00,2022-03-05T18:00,,,\n"
    )
    source = ["--cases", str(tmp_path / "cases.csv"), "--presences", str(tmp_path / "presences.csv")]
    assert main(["import", "csv", *source, "--out", str(tmp_path / "records")]) == 0
    assert main(["run", str(tmp_path / "records"), "--lake", str(tmp_path / "lake")]) == 0
    capsys.readouterr()
    assert main(["contacts", "--lake", str(tmp_path / "lake"), "--json"]) == 0
    (contact,) = json.loads(capsys.readouterr().out)
    assert (contact["class"], contact["overlap_ms"]) == ("close", 3_600_000)


@pytest.mark.parametrize(
    "arguments",
    [["import", "csv"], ["import", "nothing", "x"], ["import", "invs15"], ["import", "invs15", "x", "-o", "colour=1"],
     ["import", "invs15", "nowhere"]],
)  # fmt: skip
def test_an_import_that_cannot_be_done_is_told_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--out", str(tmp_path / "records")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def spawn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as a shell would start it."""
    command = [sys.executable, "-m", "streams.cli", *arguments]
    root = str(Path(__file__).resolve().parent.parent)
    env = {**os.environ, "PYTHONPATH": root, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


def test_a_process_of_its_own_answers_on_standard_output_and_by_its_exit_code(folder: Path) -> None:
    found = spawn("digest", BRAIN_LAKE=str(folder / "lake"))
    assert (found.returncode, found.stderr) == (0, "")
    assert re.fullmatch(r"[0-9a-f]{64}\n", found.stdout)
    wrong = spawn("digest", "--lake", str(folder / "records"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert len(wrong.stderr.splitlines()) == 1


def identifiers_in(folder: Path) -> set[str]:
    """Every identifier of the drill, in every notation in which it was written."""
    fields = re.compile(rb'"(?:id_no|other_id_no|phone|card_no)":"([^"]+)"|"phones":\[([^\]]*)\]')
    found: set[str] = set()
    for path in folder.glob("src.*"):
        for one, many in fields.findall(path.read_bytes()):
            found.update(text.strip().strip('"') for text in (one or many).decode().split(","))
    return {text for text in found if len(text) >= 8}


def test_no_output_and_no_file_of_the_lake_holds_an_identifier(brain: Any, folder: Path) -> None:
    raw = identifiers_in(folder / "records")
    assert len(raw) > 300
    outputs = [brain(command)[1] for command in ("cases", "contacts", "reviews", "rejects", "audit")]
    person = json.loads(brain("contacts", "--json", "--limit", "1")[1])[0]["contact_person"]
    outputs += [brain("explain", person)[1], brain("run", str(folder / "records"))[1]]
    outputs += [brain(c, "--json", "--limit", "0")[1] for c in ("cases", "contacts", "reviews", "rejects", "audit")]
    words = set(re.findall(r"[\w-]+", "\n".join(outputs)))
    assert not words & raw
    for path in (folder / "lake").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(text.encode() in content for text in raw), path.name
