"""Settings: every choice of the service, from `BRAIN_*` variables or the options of a command.

In: the environment. Out: `Settings`, or an error that names the variable.
Invariant: a setting stands here once, with its unit, default and purpose; docs/settings.md is made from here.
Deliberately absent: settings of the embedded run, which has options alone, and numbers of the field (policy packs).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.errors import CommandError

PREFIX = "BRAIN_"


class Settings(BaseSettings):
    """One installation: its broker, its lake, its limits."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    bootstrap: str = Field("127.0.0.1:9092", min_length=3, description="addresses of the brokers, host:port, …")
    prefix: str = Field(
        "", pattern=r"^[a-z0-9._-]{0,40}$", description="stands before all names of topics and groups"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are spoken to"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-256", description="how the user proves to be one; with SASL_* alone"
    )
    sasl_username: str = Field("", description="user; with SASL_* alone")
    sasl_password: SecretStr = Field(SecretStr(""), description="password; with SASL_* alone")
    ssl_cafile: Path | None = Field(None, description="certificates of the authority; with *SSL alone")
    ssl_certfile: Path | None = Field(None, description="our certificate, where brokers ask for one")
    ssl_keyfile: Path | None = Field(None, description="key of our certificate")
    partitions: int = Field(4, ge=1, le=256, description="partitions of each source of many records")
    replication: int = Field(1, ge=1, le=5, description="copies of each partition; 3 on a cluster of 3 or more")
    lake: Path = Field(Path("out/lake"), description="folder of the lake")
    key: Path | None = Field(None, description="file of the key; default: LAKE.key beside the lake")
    pack: str = Field("cn", description="policy pack or series of packs")
    chunk_records: int = Field(5_000, ge=1, le=50_000, description="most records in a chunk of a partition")
    step_records: int = Field(100_000, ge=1, le=1_000_000, description="most records in one step and transaction")
    waiting_bytes: int = Field(
        256 << 20, ge=1 << 20, description="most bytes of facts that wait in the writer; beyond, it stops fetching"
    )
    publish_s: float = Field(5.0, gt=0, le=3600, description="shortest time between two snapshots, s")
    tick_s: int = Field(60, ge=0, le=3_600, description="time between two ticks, which deadlines go by, s; 0: none")
    fetch_wait_ms: int = Field(100, ge=1, le=5_000, description="longest that a broker waits for more records, ms")
    session_timeout_s: float = Field(
        10.0, ge=2, le=300, description="silence after which a worker's partitions go to others, s"
    )
    watchdog_s: float = Field(60.0, ge=1, le=3600, description="time without progress after which a worker is ended, s")
    stop_s: float = Field(10.0, ge=1, le=300, description="time that a worker has to stop when it is asked to, s")
    host: str = Field("127.0.0.1", description="address of the health, metrics and status pages")
    port: int = Field(6066, ge=1, le=65_000, description="their port for the writer; workers take those that follow")
    index: int = Field(0, ge=0, le=200, description="number of this process: 0 the writer, intake workers from 1")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")


def variable(field: str) -> str:
    """The variable that sets a field."""
    return PREFIX + field.upper()


def load_settings(**overrides: Any) -> Settings:
    """The settings; an override that is None does not count. Errors: CommandError that names the variable."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [f"{variable(str(e['loc'][0]))}: {e['msg']}" if e["loc"] else e["msg"] for e in error.errors()]
        raise CommandError(f"设置有误 settings: {'; '.join(problems)}; see docs/settings.md") from None
