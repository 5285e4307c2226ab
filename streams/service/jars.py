"""Jars: what a local Kafka broker is made of: a Java to run it, and its jars, fetched once by Maven.

In: JAVA_HOME, the PATH, kafka-jars.pom.xml. Out: paths; a CommandError that says what to install.
Invariant: a folder of jars appears whole, by rename; any number of processes may ask for it at once, one fetches.
Deliberately absent: a broker (broker.py). On a closed network the folder is copied from another machine: where it is
whole, nothing is fetched, and Maven is not needed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from streams.errors import CommandError

JARS_VARIABLE = "BRAIN_KAFKA_JARS"
DEFAULT_JARS = Path("out/kafka/jars")
JAVA_LEAST = 17
"""Kafka 4 brokers run on nothing older."""
_POM = "kafka-jars.pom.xml"
_FETCH_S = 600
_JAVA_S = 30
_DEBIAN = "apt-get install openjdk-17-jre-headless maven"


def jars_folder() -> Path:
    """Where the jars are, or will be."""
    return Path(os.environ.get(JARS_VARIABLE) or DEFAULT_JARS)


def jars_there(folder: Path | None = None) -> bool:
    """Whether they are whole and of the right version."""
    return ((folder or jars_folder()) / broker_jar()).is_file()


def broker_jar() -> str:
    """The jar that tells a whole folder of the right version."""
    text = files("streams.service").joinpath(_POM).read_text(encoding="utf-8")
    found = re.search(r"<artifactId>(kafka_[\d.]+)</artifactId>\s*<version>([\d.]+)</version>", text)
    assert found is not None, f"{_POM} names no broker"
    return f"{found[1]}-{found[2]}.jar"


def find_java() -> Path:
    """A Java that can run a broker. Errors: CommandError when there is none, or too old a one."""
    java = _program("java", f"install Java {JAVA_LEAST} or newer ({_DEBIAN}), set JAVA_HOME, or use Docker")
    try:
        asked = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=_JAVA_S, check=False)
        told = asked.stderr + asked.stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        told = type(error).__name__
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    if version is None:
        raise CommandError(f"Java 无法运行 {java} does not tell its version; is it whole? Or set JAVA_HOME to another")
    if int(version[1]) < JAVA_LEAST:
        hint = f"install it ({_DEBIAN}) or set JAVA_HOME to one that is here"
        raise CommandError(f"Java 版本过旧 {java} is Java {version[1]}, Kafka needs {JAVA_LEAST} or newer: {hint}")
    return java


def ensure_jars(folder: Path) -> Path:
    """The folder with the jars in it, fetched if they are not there. Errors: CommandError when they cannot be had."""
    if not jars_there(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(folder.name + ".lock")):
            if not jars_there(folder):
                _fetch(folder)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go of the lock however its holder ends."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise CommandError(
            f"不是所需版本 {folder} holds no {broker_jar()}: if it is an older set of jars remove it, or set "
            f"{JARS_VARIABLE} to another folder"
        )
    copy = f"copy a folder of jars from a machine that has them to {folder}"
    maven = _program("mvn", f"install Maven ({_DEBIAN}), use Docker, or {copy}")
    draft, log = folder.with_name(folder.name + ".tmp"), folder.with_name(folder.name + ".log")
    shutil.rmtree(draft, ignore_errors=True)
    with as_file(files("streams.service").joinpath(_POM)) as pom, log.open("wb") as output:
        command = [str(maven), "-B", "--strict-checksums", "-f", str(pom), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={draft.absolute()}"]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=_FETCH_S, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            done = -1
    if done != 0 or not jars_there(draft):
        shutil.rmtree(draft, ignore_errors=True)
        hint = f"can this machine reach a Maven repository (settings.xml)? Or {copy}"
        raise CommandError(f"无法取得 Kafka Maven could not fetch the jars of Kafka, see {log}; {hint}")
    os.rename(draft, folder)


def _program(name: str, hint: str) -> Path:
    """From JAVA_HOME for what belongs to Java, else from the PATH. Errors: CommandError."""
    home = os.environ.get("JAVA_HOME")
    if home and name == "java":
        path = Path(home) / "bin" / name
        if path.is_file():
            return path
        raise CommandError(f"JAVA_HOME 有误 JAVA_HOME is set, and {path} is not there: mend or unset it")
    found = shutil.which(name)
    if found is None:
        raise CommandError(f"找不到 {name} there is no {name} on the PATH; {hint}")
    return Path(found)
