"""The keyword arguments that are handed on, for type checkers: each is declared where it is taken, and a test compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime, timedelta
    from pathlib import Path

    from .parameters import Parameters


class RunOptions(TypedDict, total=False):
    """Those of `track.run`."""

    slot: datetime | date | None
    parameters: Parameters | None
    tags: Mapping[str, object] | None
    owner: str
    mode: str | None
    deadline: timedelta | float | None
    heartbeat: timedelta | float | None
    attempt: int
    run_id: str | None


class Connection(TypedDict, total=False):
    """The settings by name, docs/settings.md; None is as good as not given."""

    transport: str | None
    kafka: str | None
    kafka_security_protocol: str | None
    kafka_sasl_mechanism: str | None
    kafka_sasl_username: str | None
    kafka_sasl_password: str | None
    kafka_sasl_oauthbearer_token_endpoint_url: str | None
    kafka_sasl_oauthbearer_client_id: str | None
    kafka_sasl_oauthbearer_client_secret: str | None
    kafka_sasl_oauthbearer_scope: str | None
    kafka_sasl_oauthbearer_extensions: str | None
    kafka_https_ca_location: str | Path | None
    kafka_ssl_ca_location: str | Path | None
    kafka_ssl_certificate_location: str | Path | None
    kafka_ssl_key_location: str | Path | None
    kafka_ssl_key_password: str | None
    kafka_ssl_endpoint_identification_algorithm: str | None
    schema_registry: str | None
    schema_registry_username: str | None
    schema_registry_password: str | None
    schema_registry_token: str | None
    schema_registry_ca: str | Path | None
    url: str | None
    token: str | None
    file: str | Path | None
    clickhouse: str | None
    clickhouse_user: str | None
    clickhouse_password: str | None
    data: str | Path | None
    environment: str | None


class ClientOptions(Connection, total=False):
    """Those of `track.Client` but the settings and the spool."""

    spool_bytes: int
    queue_bytes: int
    hold_seconds: float
    close_seconds: float
    capture_logs: int | str | None
    disabled: bool | None
    program: Path | None
    command: Sequence[str]
    redact: bool | None
    redact_names: Iterable[str]
    redact_values: Iterable[str]
    ranks: Literal["first", "all"] | None
