"""Settings: where they come from, what is said of a wrong one, and the page that lists them.

In: environments. Out: pass or fail.
Invariant: a secret that was given is shown nowhere.
Deliberately absent: what each setting does to the service.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.errors import CommandError
from streams.service.handbook import settings_page
from streams.service.settings import PREFIX, Settings, load_settings, variable

ROOT = Path(__file__).resolve().parent.parent
SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the environment of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_without_any_variable_the_service_runs_on_this_machine() -> None:
    settings = load_settings()
    assert settings.bootstrap.startswith("127.0.0.1:")
    assert settings.host == "127.0.0.1"
    assert settings.key is None


def test_an_option_goes_before_a_variable_and_a_variable_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_PORT", "7000")
    monkeypatch.setenv("BRAIN_LAKE", "/srv/lake")
    settings = load_settings(port=8000, lake=None)
    assert (settings.port, settings.lake) == (8000, Path("/srv/lake"))


def test_what_was_chosen_is_told_apart_from_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_PORT", "7000")
    assert load_settings(pack="cn-8").model_fields_set == {"port", "pack"}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("BRAIN_PORT", "six", "integer"),
        ("BRAIN_PORT", "0", "greater than or equal to 1"),
        ("BRAIN_PARTITIONS", "1000", "256"),
        ("BRAIN_LOG_LEVEL", "LOUD", "WARNING"),
        ("BRAIN_SECURITY_PROTOCOL", "TLS", "SASL_SSL"),
        ("BRAIN_PREFIX", "Kuancheng!", "pattern"),
        ("BRAIN_PUBLISH_S", "0", "greater than 0"),
        ("BRAIN_BOOTSTRAP", "", "3 characters"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_expected(
    name: str, given: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(CommandError) as error:
        load_settings()
    assert f"{name}: " in str(error.value)
    assert expected in str(error.value)
    assert "docs/settings.md" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_PORT", "six")
    monkeypatch.setenv("BRAIN_PARTITIONS", "none")
    with pytest.raises(CommandError, match=r"(?s)BRAIN_PARTITIONS.*BRAIN_PORT"):
        load_settings()


@pytest.mark.parametrize("field", ["sasl_password", "sasl_username"])
def test_a_secret_is_shown_neither_in_an_error_nor_with_the_settings(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAIN_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("BRAIN_PORT", "six")
    with pytest.raises(CommandError) as error:
        load_settings()
    assert SECRET not in f"{error.value!r} {error.value.__cause__!r}"
    with pytest.raises(CommandError) as error:
        load_settings(**{"port": 7000, field: [SECRET]})
    assert variable(field) in str(error.value)
    assert SECRET not in str(error.value)
    settings = load_settings(port=7000)
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert settings.sasl_password.get_secret_value() == SECRET


def test_a_variable_of_another_program_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAIN_PARENT", "12")
    monkeypatch.setenv("PORT", "12")
    assert load_settings() == Settings()


def test_settings_do_not_change_while_the_service_runs() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_the_page_of_settings_is_the_one_that_is_made_from_them() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == settings_page(), "write it anew: brain serve --settings > docs/settings.md"


def test_the_page_has_every_setting_with_its_purpose() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", settings_page(), re.MULTILINE)
    assert [name for name, _ in rows] == [PREFIX + name.upper() for name in Settings.model_fields]
    assert all(len(purpose) > 3 for _, purpose in rows)


def test_the_page_shows_nothing_of_this_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings_page()
    monkeypatch.setenv("BRAIN_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("BRAIN_PORT", "7001")
    assert settings_page() == before
