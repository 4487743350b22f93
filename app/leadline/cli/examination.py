"""What `leadline doctor` looks at. Each look is one function that gives findings; none raises for a server that is away."""

import http.client
import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.clock import SECOND, Micros
from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.core.roles import ROLES
from leadline.core.settings import ADDRESSES_FILE, OPTIONS, Settings, shown
from leadline.events.kafka import admin_config, opened
from leadline.events.kafka_security import Reason
from leadline.events.registry import RegistryClient
from leadline.events.topics import load_topics
from leadline.history.connection import answering, connect_reader
from leadline.history.dead_letters import count_by_reason
from leadline.history.watermark import Watermark, watermarks

from .output import ago, duration

Level = Literal["ok", "note", "warn", "fail"]
UNREACHABLE = "unreachable"

_LATE: Micros = 30 * SECOND
_PACKAGES = ("confluent-kafka", "fastavro", "clickhouse-connect", "faust-streaming", "chdb")
_HINT = "start it with `leadline up`, or check {name} in the environment"


class Finding(msgspec.Struct, frozen=True):
    """`kind` groups findings for programs; `remedy` is what to do, empty where nothing needs to be done."""

    level: Level
    kind: str
    about: str
    found: str
    remedy: str = ""


def in_force(settings: Settings, sources: Mapping[str, str]) -> list[Finding]:
    """What was said somewhere, without secrets, and where: `sources` as `find_settings` gives them."""
    return [
        Finding("note", "settings", "settings", f"{name} = {value} ({_place(name, sources[name])})")
        for name, value in settings.shown().items()
        if name in sources
    ]


def _place(name: str, source: str) -> str:
    if source != "environment":
        return source
    one = OPTIONS[name]
    in_file = one.secret and not os.environ.get(one.variable)
    return f"{one.variable}_FILE" if in_file else one.variable


def examine(settings: Settings, now: Micros) -> list[Finding]:
    """Everything, in the order in which a fault travels: servers, roles, what they have not done, what they could not."""
    return [
        *_kafka(settings),
        *_registry(settings),
        *_store(settings, now),
        *_roles(settings),
        *_spool(settings),
        _versions(),
    ]


def _kafka(settings: Settings) -> Iterator[Finding]:
    if not settings.kafka:
        yield _unset("Kafka", "KAFKA")
        return
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    # librdkafka writes what it cannot reach to stderr; the finding says it once.
    quiet: dict[str, object] = {"log_level": 0, "socket.connection.setup.timeout.ms": 3000}
    reason = Reason(settings)
    try:
        admin = opened(AdminClient, admin_config(settings, error_cb=reason, **quiet))
    except UsageError as error:
        yield Finding("fail", "server", "Kafka", str(error), "set what it names (docs/secured.md)")
        return
    address = shown(settings.kafka)
    try:
        found = admin.list_topics(timeout=4).topics
    except KafkaException as error:
        admin.poll(0)
        yield _away("Kafka", address, reason.sentence or error.args[0].str(), "KAFKA")
        return
    wanted = load_topics(settings.environment)
    missing = [topic.name for topic in wanted if topic.name not in found]
    if missing:
        remedy = "`leadline up` makes them; elsewhere make them from topics.toml (docs/events.md)"
        yield Finding("fail", "topics", "Kafka", f"{address} lacks the topics {', '.join(missing)}", remedy)
    else:
        yield Finding("ok", "server", "Kafka", f"{address}, all {len(wanted)} topics")


def _registry(settings: Settings) -> Iterator[Finding]:
    if not settings.schema_registry:
        yield _unset("registry", "SCHEMA_REGISTRY")
        return
    try:
        RegistryClient.of(settings, timeout_seconds=3).schema(1)
    except LeadlineError as error:
        yield _away("registry", settings.schema_registry, str(error), "SCHEMA_REGISTRY")
        return
    yield Finding("ok", "server", "registry", shown(settings.schema_registry))


def _store(settings: Settings, now: Micros) -> Iterator[Finding]:
    if not settings.clickhouse:
        yield _unset("store", "CLICKHOUSE")
        return
    try:
        with answering(settings.clickhouse):
            client = connect_reader(settings, connect_timeout=3, send_receive_timeout=10)
            yield Finding("ok", "server", "store", f"{shown(settings.clickhouse)}, ClickHouse {client.server_version}")
            yield from lag([found for found in watermarks(client) if found.topic], now)
            yield from _dead_letters(client)
    except Unavailable as error:
        yield _away("store", settings.clickhouse, str(error), "CLICKHOUSE")
    except LeadlineError as error:
        yield Finding("fail", "views", "store", str(error), "if views are missing, run `leadline migrate`")


def lag(found: list[Watermark], now: Micros) -> Iterator[Finding]:
    """How far the store is behind: messages that wait, or a sink that has not looked for long."""
    if not found:
        remedy = "is the sink running? `leadline worker sink` runs it by hand"
        yield Finding("fail", "lag", "sink", "it has never written to this store", remedy)
        return
    waiting = sum(mark.lag for mark in found)
    oldest = min(mark.checked_at for mark in found)
    if now - oldest > _LATE:
        remedy = "is the sink running? Its log says why not (logs/sink.log in the data directory)"
        yield Finding("fail", "lag", "sink", f"it last looked at its topics {ago(oldest, now)}", remedy)
    elif waiting:
        worst = max(found, key=lambda mark: mark.lag)
        behind = f"{waiting:,} messages wait, most of them ({worst.lag:,}) in {worst.topic}"
        since = f"; complete up to {ago(worst.complete_until, now)}" if worst.complete_until is not None else ""
        yield Finding("warn", "lag", "sink", behind + since, "it catches up by itself; look again in a minute")
    else:
        yield Finding("ok", "lag", "sink", f"nothing waits, as of {ago(oldest, now)}")


def _dead_letters(client: Client) -> Iterator[Finding]:
    found = count_by_reason(client)
    if not found:
        yield Finding("ok", "dead-letters", "dead letters", "none")
        return
    listed = ", ".join(f"{row.count:,} {row.reason} in {row.topic}" for row in found)
    remedy = "`leadline dead-letters list` shows them; mend the producer, then `leadline dead-letters replay`"
    yield Finding("warn", "dead-letters", "dead letters", listed, remedy)


def _roles(settings: Settings) -> Iterator[Finding]:
    """Of a local stack, whose ports are known from Kafka's."""
    if not (settings.data / ADDRESSES_FILE).exists() or not settings.kafka:
        yield Finding("note", "roles", "roles", "not of a local stack: ask each role's /healthz yourself")
        return
    from leadline.local.ports import Ports

    ports = Ports(int(settings.kafka.rpartition(":")[2]))
    for role in ROLES:
        yield _role(role, ports.health(role), settings.data / "logs" / f"{role}.log")


class _Health(msgspec.Struct):
    """As core.health reports it."""

    ok: bool
    lag: int = 0
    stalled_seconds: float = 0.0


def _role(role: str, port: int, log: Path) -> Finding:
    health = _health(port)
    if health is None:
        remedy = f"the supervisor starts it again; its log: {log}"
        return Finding("fail", "roles", role, f"does not answer on port {port}", remedy)
    if not health.ok:
        found = f"no progress for {duration(health.stalled_seconds)} with {health.lag:,} waiting"
        return Finding("fail", "roles", role, found, f"its log: {log}")
    return Finding("ok", "roles", role, f"well, {health.lag:,} waiting")


def _health(port: int) -> _Health | None:
    """None where nothing sensible answers. Not urllib: a proxy in the environment has no business on loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return msgspec.json.decode(connection.getresponse().read(), type=_Health)
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return None
    finally:
        connection.close()


def _spool(settings: Settings) -> Iterator[Finding]:
    """What jobs on this machine could not send yet; the next job, or the one that still runs, sends it."""
    folder = Path(settings.spool or settings.data / "spool").expanduser()
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in files)
    if not size:
        yield Finding("ok", "spool", "spool", f"nothing waits in {folder}")
        return
    remedy = "the next job that uses leadline on this machine sends it once Kafka and the registry answer"
    yield Finding("warn", "spool", "spool", f"{size:,} bytes wait in {len(files)} files in {folder}", remedy)


def _versions() -> Finding:
    packages = "".join(f", {name} {version(name)}" for name in _PACKAGES if _installed(name))
    ours = f"leadline {version('leadline')}, Python {platform.python_version()}"
    return Finding("note", "versions", "versions", ours + packages)


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _unset(about: str, variable: str) -> Finding:
    return Finding("fail", UNREACHABLE, about, "no address", _HINT.format(name=variable))


def _away(about: str, address: str, error: str, variable: str) -> Finding:
    return Finding("fail", UNREACHABLE, about, f"{shown(address)} does not answer: {error}", _HINT.format(name=variable))
