"""docker-compose.kafka.yml and the image: what they name is there, and says what the product says.

In: the files of the checkout; for the choice of Docker a script in its place. Out: pass or fail.
Where Docker has its compose plugin, that has the last word on the form of the file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from streams.cli import app
from streams.commands import broker as commands
from streams.service.broker import LocalBroker
from streams.service.compose import COMPOSE_FILE, INSIDE_PORT, SERVICE, VOLUME
from streams.service.node import FIXED
from streams.service.settings import PREFIX, Settings, variable

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / COMPOSE_FILE).read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("topics", "writer", "intake")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
SERVICE_KEYS = {
    "build", "cap_drop", "command", "configs", "depends_on", "environment", "healthcheck", "image", "init", "ports",
    "profiles", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
_DEFAULT = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")


def defaults(value: str) -> str:
    """The text as Compose reads it where nothing is set."""
    return _DEFAULT.sub(r"\2", value)


def waits_for(service: dict[str, Any]) -> dict[str, str]:
    wanted = service.get("depends_on", {})
    if isinstance(wanted, list):
        return dict.fromkeys(wanted, "service_started")
    return {name: how["condition"] for name, how in wanted.items()}


def settings_of(name: str) -> dict[str, str]:
    """The settings of a service, by field."""
    return {
        variable_.removeprefix(PREFIX).lower(): defaults(value)
        for variable_, value in SERVICES[name]["environment"].items()
    }


def listening(name: str) -> int:
    given = settings_of(name)
    return int(given["port"]) + int(given["index"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_an_image_of_a_fixed_version_or_is_built_here(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert (ROOT / service["build"] / "Dockerfile").is_file()
    else:
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", service["image"])


def test_the_kafka_in_docker_is_the_version_of_the_jars() -> None:
    pom = (ROOT / "streams/service/kafka-jars.pom.xml").read_text("utf-8")
    assert f"<version>{SERVICES[SERVICE]['image'].partition(':')[2]}</version>" in pom


def test_the_kafka_in_docker_is_told_what_the_local_one_is_told() -> None:
    told = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in SERVICES[SERVICE]["environment"].items()
    }
    assert {name: told[name] for name in FIXED} == FIXED
    named = {listener.partition("://")[0] for listener in told["listeners"].split(",")}
    assert named == {pair.partition(":")[0] for pair in told["listener.security.protocol.map"].split(",")}
    assert named == {"CONTROLLER"} | {each.partition("://")[0] for each in told["advertised.listeners"].split(",")}
    assert told["log.dirs"] in [mount.partition(":")[2] for mount in SERVICES[SERVICE]["volumes"]]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come_true(name: str) -> None:
    for other, condition in waits_for(SERVICES[name]).items():
        assert condition in CONDITIONS
        if condition == "service_healthy":
            assert "healthcheck" in SERVICES[other], f"{other} never says that it is healthy"
        if condition == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no", f"{other} never ends"


def test_the_order_of_starting_has_a_beginning() -> None:
    started: set[str] = set()
    while len(started) < len(SERVICES):
        ready = {name for name, service in SERVICES.items() if set(waits_for(service)) <= started} - started
        assert ready, f"these wait for each other: {set(SERVICES) - started}"
        started |= ready


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_made_of_settings_that_load(name: str) -> None:
    given = settings_of(name)
    assert set(given) <= set(Settings.model_fields)
    loaded = Settings(**given)
    assert loaded.stop_s < float(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert loaded.bootstrap in SERVICES[SERVICE]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


@pytest.mark.parametrize("field", ["partitions", "pack", "log_level"])
def test_what_is_not_chosen_is_as_without_docker(field: str) -> None:
    (found,) = {SERVICES[name]["environment"][variable(field)] for name in OURS}
    assert found == f"${{{variable(field)}:-{Settings.model_fields[field].default}}}"


@pytest.mark.parametrize("name", OURS)
def test_commands_are_real(name: str) -> None:
    command = SERVICES[name]["command"]
    if command[0] == "brain":
        known = {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}
        assert command[1] in known
    else:
        assert command[:2] == ["python", "-m"]
        assert importlib.util.find_spec(command[2]) is not None
        assert command[3] in ("writer", "intake")


@pytest.mark.parametrize("name", ["writer", "intake"])
def test_health_is_asked_where_the_worker_answers(name: str) -> None:
    assert f"http://127.0.0.1:{listening(name)}/readyz" in " ".join(SERVICES[name]["healthcheck"]["test"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    service = SERVICES[name]
    for mount in service.get("volumes", ()):
        source = mount.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], source
    for each in service.get("configs", ()):
        assert yaml.safe_load(COMPOSE["configs"][each["source"]]["content"]), each


def test_one_service_writes_the_lake_and_the_intake_only_reads_the_key() -> None:
    mounts = {name: service.get("volumes", []) for name, service in SERVICES.items()}
    assert [name for name, found in mounts.items() if any(m.startswith("lake:") for m in found)] == ["writer"]
    assert {name: m for name, found in mounts.items() for m in found if m.startswith("key:")} == {
        "writer": "key:/key",
        "intake": "key:/key:ro",
    }
    assert settings_of("writer")["key"] == settings_of("intake")["key"] == "/key/lake.key"


def test_nothing_is_reachable_from_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_asks_the_same_jobs_at_addresses_of_the_network() -> None:
    inside = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    outside = yaml.safe_load((ROOT / "ops/prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job for job in inside["scrape_configs"]}
    assert set(jobs) == {job["job_name"] for job in outside["scrape_configs"]}
    assert inside["rule_files"] == outside["rule_files"]
    assert jobs["kuancheng-writer"]["static_configs"][0]["targets"] == [f"writer:{listening('writer')}"]
    assert jobs["kuancheng-intake"]["dns_sd_configs"][0]["names"] == ["intake"]
    assert jobs["kuancheng-intake"]["dns_sd_configs"][0]["port"] == listening("intake")


def test_the_image_holds_every_room_that_is_installed_and_no_secret() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    rooms = {name.rstrip("*") for name in pyproject["tool"]["setuptools"]["packages"]["find"]["include"]}
    files = {"pyproject.toml", "requirements.lock", "README.md", "LICENSE"}
    assert let_through == rooms | files
    assert all((ROOT / name).exists() for name in let_through)


def test_the_image_is_installed_from_the_lock_and_run_without_rights() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert set(bases) == {"python:3.11-slim"}
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["brain"]
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_the_file_has_the_form_that_compose_asks_for() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"name", "services", "configs", "volumes"}
    for name, service in SERVICES.items():
        assert set(service) <= SERVICE_KEYS, name
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        command = ["docker", "compose", "-f", str(COMPOSE_FILE), "--profile", "watch", "config", "--quiet"]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: LocalBroker) -> Path:
    """A `docker` that stands for an engine: it says what it was told, and its Kafka is the broker of the tests."""
    told = tmp_path / "told"
    script = f"""#!/bin/sh
echo "$KAFKA_PORT $*" >> "{told}"
case "$*" in
  *" port "*) test -f "{tmp_path}/up" && echo "127.0.0.1:{broker.port}" || exit 1 ;;
  *" up "*) touch "{tmp_path}/up" ;;
  *" stop "*) rm -f "{tmp_path}/up" ;;
esac
"""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(script)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / COMPOSE_FILE, tmp_path)
    return told


def call(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(commands.broker, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_where_a_docker_engine_answers_it_is_used(docker: Path, broker: LocalBroker) -> None:
    assert call("status") == (1, dict.fromkeys(("by", "bootstrap", "pid", "folder", "bytes")) | {"serves": False})
    assert call("up", "--port", str(broker.port))[1]["by"] == "docker"
    code, standing = call("status")
    assert (code, standing["by"], standing["bootstrap"]) == (0, "docker", broker.bootstrap)
    assert call("down") == (0, {"ended": ["docker"], "wiped": False})
    assert f"{broker.port} compose -f {COMPOSE_FILE} up --detach --wait {SERVICE}" in docker.read_text()
    assert broker.running, "only what Docker runs is stopped"


def test_what_is_wiped_with_docker_is_kafkas_and_not_the_lake(docker: Path) -> None:
    assert call("down", "--wipe") == (0, {"ended": [], "wiped": True})
    changing = [line for line in docker.read_text().splitlines() if re.search(r" (rm|stop|down|volume) ", line)]
    assert changing == [
        f"{INSIDE_PORT} compose -f {COMPOSE_FILE} rm --force --stop {SERVICE}",
        f"{INSIDE_PORT} volume rm --force {VOLUME}",
    ]
    assert COMPOSE["volumes"][SERVICE]["name"] == VOLUME
    assert f"{SERVICE}:" in SERVICES[SERVICE]["volumes"][0]


def test_why_docker_was_not_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert commands.Compose.find() in ("no docker on the PATH", f"no {COMPOSE_FILE} here")
    shutil.copy(ROOT / COMPOSE_FILE, tmp_path)
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert commands.Compose.find() == "no Docker engine answers"
    (tmp_path / "docker").write_text('#!/bin/sh\ntest "$1" = info\n')
    assert commands.Compose.find() == "docker has no compose plugin"
    monkeypatch.setenv("PATH", "")
    assert commands.Compose.find() == "no docker on the PATH"
