"""The local broker: what it keeps, whom it lets in, and what it says when it cannot start.

In: Java, Maven. Out: pass or fail.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner

from schemas.topics import FACT_BYTES_MAX
from streams.commands import broker as commands
from streams.errors import CommandError
from streams.service.broker import LocalBroker
from streams.service.jars import JARS_VARIABLE, broker_jar, ensure_jars, find_java
from streams.service.node import HOST, Sasl, free_port
from streams.service.security import client_options
from streams.service.settings import load_settings
from tests.brokers import USER, fresh_prefix, jars, running_broker


def options(broker: LocalBroker, **other: Any) -> dict[str, Any]:
    return client_options(load_settings(**broker.access | other))


async def make_topic(broker: LocalBroker, **config: str) -> str:
    name = fresh_prefix() + "records"
    admin = AIOKafkaAdminClient(**options(broker))
    await admin.start()
    try:
        (error,) = (await admin.create_topics([NewTopic(name, 1, 1, topic_configs=config)])).topic_errors
        assert error[1] == 0, error
    finally:
        await admin.close()
    return name


async def send(broker: LocalBroker, topic: str, values: list[bytes], **other: Any) -> None:
    """Returns once the broker has acknowledged all of them."""
    async with AIOKafkaProducer(**options(broker), acks="all", enable_idempotence=True, **other) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)


async def held(broker: LocalBroker, topic: str) -> list[bytes]:
    """All that a topic holds."""
    part = TopicPartition(topic, 0)
    async with AIOKafkaConsumer(**options(broker), max_partition_fetch_bytes=FACT_BYTES_MAX) as consumer:
        consumer.assign([part])
        await consumer.seek_to_beginning(part)
        end = (await consumer.end_offsets([part]))[part]
        found: list[bytes] = []
        while await consumer.position(part) < end:
            found += [record.value for record in (await consumer.getmany(timeout_ms=500)).get(part, ())]
        return found


def program(folder: Path, name: str, script: str) -> Path:
    """A folder with one program in it, for the PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return folder


def ended(pid: int) -> bool:
    """Whether a process that is not our child has gone, after some patience."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


async def test_what_is_published_can_be_consumed(broker: LocalBroker) -> None:
    topic = await make_topic(broker)
    await send(broker, topic, [b"1", b"2", b"3"])
    assert await held(broker, topic) == [b"1", b"2", b"3"]


async def test_the_largest_message_inside_passes(broker: LocalBroker) -> None:
    topic = await make_topic(broker, **{"max.message.bytes": str(FACT_BYTES_MAX)})
    large = os.urandom(FACT_BYTES_MAX - 1000)
    await send(broker, topic, [large], max_request_size=FACT_BYTES_MAX)
    assert await held(broker, topic) == [large]


async def test_a_topic_that_nobody_made_does_not_come_into_being(broker: LocalBroker) -> None:
    admin = AIOKafkaAdminClient(**options(broker))
    await admin.start()
    try:
        (told,) = await admin.describe_topics([fresh_prefix() + "none"])
        assert told["error_code"] != 0
    finally:
        await admin.close()


async def test_a_group_may_notice_a_death_after_two_seconds(broker: LocalBroker) -> None:
    topic = await make_topic(broker)
    await send(broker, topic, [b"1"])
    quick = {"session_timeout_ms": 2000, "heartbeat_interval_ms": 500, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, **options(broker), group_id=topic, **quick) as consumer:
        assert (await consumer.getone()).value == b"1"


@pytest.mark.slow
async def test_killed_and_started_again_it_holds_what_it_had_acknowledged(private_broker: LocalBroker) -> None:
    topic = await make_topic(private_broker)
    values = [b"%d" % n for n in range(500)]
    await send(private_broker, topic, values[:250])
    before = private_broker.pid
    private_broker.kill()
    assert not private_broker.running
    assert not private_broker.serves()
    private_broker.start()
    assert private_broker.pid not in (None, before)
    await send(private_broker, topic, values[250:])
    assert await held(private_broker, topic) == values


@pytest.mark.slow
async def test_stopped_and_started_again_it_holds_everything_at_the_same_address(private_broker: LocalBroker) -> None:
    topic = await make_topic(private_broker)
    await send(private_broker, topic, [b"1"])
    private_broker.stop()
    again = LocalBroker.found(private_broker.folder)
    assert (again.port, again.running) == (private_broker.port, False)
    private_broker.start()
    assert await held(private_broker, topic) == [b"1"]


@pytest.mark.slow
def test_started_twice_it_is_one_broker_whoever_asks(private_broker: LocalBroker) -> None:
    pid = private_broker.pid
    other = LocalBroker(private_broker.folder, private_broker.port, jars=jars()).start()
    assert other.pid == private_broker.start().pid == pid
    with pytest.raises(CommandError, match=f"{HOST}:{private_broker.port}: stop it first"):
        LocalBroker(private_broker.folder, free_port(), jars=jars()).start()
    with pytest.raises(CommandError, match="it runs"):
        other.wipe()
    other.stop()
    assert not private_broker.running
    private_broker.wipe()
    assert not private_broker.folder.exists()


def test_a_number_left_by_a_broker_that_is_gone_ends_nobody(tmp_path: Path) -> None:
    made = LocalBroker(tmp_path, free_port(), jars=jars())
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "pid").write_text(f"{stranger.pid}\n")
        assert made.pid is None
        made.stop()
        made.kill()
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.slow
async def test_a_folder_whose_making_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "data.tmp").mkdir(parents=True)
    (tmp_path / "kafka" / "data.tmp" / "meta.properties").write_text("half")
    (tmp_path / "kafka" / "pid").write_text("")
    with running_broker(tmp_path / "kafka") as made:
        topic = await make_topic(made)
        await send(made, topic, [b"1"])
        assert await held(made, topic) == [b"1"]


def test_a_port_of_another_program_is_told(tmp_path: Path) -> None:
    with socket.create_server((HOST, free_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"port {port} .* in use .*BRAIN_BOOTSTRAP={HOST}:{port}.*--port"):
            LocalBroker(tmp_path, port, jars=jars()).start()


@pytest.mark.slow
def test_what_a_broker_that_cannot_start_said_last_is_told(tmp_path: Path) -> None:
    with running_broker(tmp_path / "kafka") as made:
        made.stop()
        (made.folder / "data" / "meta.properties").write_text("cluster.id=another\nnode.id=7\nversion=1\n")
        with pytest.raises(CommandError, match=r"ended at once; the end of .*broker\.log: .*Stored node id 7"):
            made.start()
        assert not made.running


@pytest.mark.slow
def test_no_broker_outlives_a_test_session_that_is_killed(tmp_path: Path) -> None:
    session = (
        "import sys, time; from pathlib import Path; from tests.brokers import running_broker\n"
        "with running_broker(Path(sys.argv[1])) as made:\n    print(made.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", session, str(tmp_path / "kafka")]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        child.send_signal(signal.SIGKILL)
    assert ended(pid)


async def only_the_user_gets_in(made: LocalBroker) -> None:
    topic = await make_topic(made)
    await send(made, topic, [b"1"])
    assert await held(made, topic) == [b"1"]
    async with AIOKafkaProducer(**options(made), transactional_id="t") as producer, producer.transaction():
        await producer.send_and_wait(topic, b"2")  # its end is written by the broker to itself, as a client
    for wrong in ({"sasl_password": "wrong"}, {"sasl_username": "nobody"}, {"security_protocol": "PLAINTEXT"}):
        stranger = AIOKafkaProducer(**options(made, **wrong), request_timeout_ms=2000)
        with pytest.raises(KafkaConnectionError):
            await stranger.start()
        await stranger.stop()


async def test_who_knows_the_password_is_let_in_and_nobody_else(sasl_broker: LocalBroker) -> None:
    await only_the_user_gets_in(sasl_broker)


@pytest.mark.slow
async def test_who_knows_the_password_is_let_in_and_nobody_else_with_plain_too(tmp_path: Path) -> None:
    with running_broker(tmp_path / "kafka", Sasl(USER.username, USER.password, "PLAIN")) as made:
        await only_the_user_gets_in(made)


def test_a_password_is_for_the_eyes_of_its_owner_alone(sasl_broker: LocalBroker) -> None:
    assert USER.password not in repr(USER)
    assert USER.password.encode() not in Path(f"/proc/{sasl_broker.pid}/cmdline").read_bytes()
    files = [path for path in sasl_broker.folder.iterdir() if path.is_file()]
    holding = [path for path in files if USER.password in path.read_text("utf-8", errors="replace")]
    assert [path.name for path in holding] == ["server.properties"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600


def test_a_password_that_kafka_would_misread_is_refused() -> None:
    with pytest.raises(CommandError, match="letters, digits"):
        Sasl("brain", 'pass"word')


def test_without_java_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"no java on the PATH; install Java 17 .*JAVA_HOME.*Docker"):
        LocalBroker(tmp_path / "kafka", free_port(), jars=jars()).start()


@pytest.mark.parametrize(("told", "found"), [("1.8.0_402", "8"), ("11.0.22", "11")])
def test_a_java_that_is_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, found: str
) -> None:
    program(tmp_path / "bin", "java", f"echo 'openjdk version \"{told}\" 2024-01-16' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CommandError, match=rf"is Java {found}, Kafka needs 17 or newer"):
        find_java()


def test_a_java_home_without_java_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CommandError, match=r"JAVA_HOME is set, and .* is not there"):
        find_java()


def test_a_java_that_cannot_be_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "java", "exit 127")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(CommandError, match="does not tell its version"):
        find_java()


def test_without_maven_it_is_told_what_to_install_or_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = program(tmp_path / "bin", "java", f'exec "{find_java()}" "$@"')
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(java))
    with pytest.raises(CommandError, match=r"no mvn on the PATH; install Maven .*Docker.*copy a folder of jars"):
        LocalBroker(tmp_path / "kafka", free_port(), jars=tmp_path / "jars").start()
    LocalBroker(tmp_path / "kafka", free_port(), jars=jars()).wipe()
    assert find_java() == java / "java"


def test_jars_that_are_there_need_no_maven(monkeypatch: pytest.MonkeyPatch, broker: LocalBroker) -> None:
    assert broker.running
    monkeypatch.setenv("PATH", "")
    assert (ensure_jars(jars()) / broker_jar()).is_file()


def test_a_fetch_that_fails_leaves_no_half_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = "for word; do case $word in -DoutputDirectory=*) mkdir -p ${word#*=}; touch ${word#*=}/a.jar;; esac; done"
    bin_ = program(tmp_path / "bin", "mvn", f"echo cannot; {half}; exit 1")
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    with pytest.raises(CommandError, match=r"could not fetch .*jars\.log; can this machine reach a Maven repository"):
        ensure_jars(tmp_path / "jars")
    assert (tmp_path / "jars.log").read_text() == "cannot\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "jars.lock", "jars.log"]


def test_jars_of_another_version_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "kafka_2.13-3.0.0.jar").touch()
    with pytest.raises(CommandError, match=f"holds no {broker_jar()}: .*remove it.*BRAIN_KAFKA_JARS"):
        ensure_jars(tmp_path)


@pytest.mark.slow
def test_of_two_that_ask_for_jars_at_once_one_fetches(tmp_path: Path) -> None:
    real = shutil.which("mvn")
    assert real is not None, "this test needs Maven"
    counted = program(tmp_path / "bin", "mvn", f'echo once >> "{tmp_path}/fetched"; exec "{real}" "$@"')
    ask = "import sys, pathlib; from streams.service.jars import ensure_jars; ensure_jars(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PATH": f"{counted}:{os.environ['PATH']}"}
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", ask, str(tmp_path / "jars")]
    children = [subprocess.Popen(command, env=environment, cwd=root) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    assert (tmp_path / "fetched").read_text() == "once\n"
    assert sorted(p.name for p in (tmp_path / "jars").iterdir()) == sorted(p.name for p in jars().iterdir())


@pytest.mark.slow
def test_the_command_starts_tells_and_stops_it_as_often_as_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no compose file is here
    monkeypatch.setenv(JARS_VARIABLE, str(jars()))
    port = free_port()

    def call(*arguments: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(commands.broker, [*arguments, "--json"])
        return result.exit_code, json.loads(result.stdout)

    local = {"by": "jars", "bootstrap": f"{HOST}:{port}", "folder": "out/kafka/broker"}
    try:
        assert call("status")[0] == 1
        assert call("up", "--port", str(port)) == call("up") == (0, local)
        code, told = call("status")
        assert (code, told["serves"], told["bootstrap"]) == (0, True, local["bootstrap"])
        assert told["bytes"] > 0
        assert call("down") == (0, {"ended": ["jars"], "wiped": False})
        assert call("down") == (0, {"ended": [], "wiped": False})
        assert (tmp_path / "out/kafka/broker/data").is_dir()
        assert call("up") == (0, local), "at the port that it had before"
        assert call("down", "--wipe") == (0, {"ended": ["jars"], "wiped": True})
        assert not (tmp_path / "out/kafka/broker").exists()
    finally:
        LocalBroker.found(Path("out/kafka/broker")).kill()
