"""A job's way into a Kafka and a registry that ask who is there; a wrong setting costs the job one line, and no event."""

import asyncio
import logging
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from leadline import track
from leadline.cli.examination import Finding, examine
from leadline.core.settings import OPTIONS, Settings
from leadline.events.records import MetricsReported, RunEvent
from leadline.events.topics import RUNS
from leadline.worker.credentials import credentials

from .. import registry_front as registry
from ..certificates import KEY_PASSWORD
from ..conftest import wait_until
from ..registry_front import registry_front
from ..secured import PASSWORD, USER, SecuredKafka
from ..token_server import CLIENT, SECRET, token_server

pytestmark = pytest.mark.slow

Said = dict[str, Any]
WAYS = ("tls", "mtls", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-512 in TLS", "OAUTHBEARER")
WRONG_SECRET = "guess-51aa"
SECRETS = (PASSWORD, SECRET, KEY_PASSWORD, WRONG_SECRET)
CLOSE_SECONDS = 3.0


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    kafka = SecuredKafka(tmp_path_factory.mktemp("secured"))
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture(scope="module")
def ways(kafka: SecuredKafka) -> Iterator[dict[str, Said]]:
    """The settings of each way in."""
    files = kafka.certificates
    trusted = {"kafka_ssl_ca_location": str(files.ca)}
    certified = {
        "kafka_ssl_certificate_location": str(files.client),
        "kafka_ssl_key_location": str(files.client_key),
        "kafka_ssl_key_password": KEY_PASSWORD,
    }
    named = {"kafka_sasl_username": USER, "kafka_sasl_password": PASSWORD}
    clear = {"kafka": kafka.sasl, "kafka_security_protocol": "SASL_PLAINTEXT", **named}
    with token_server(files) as url:
        told = {
            "tls": {"kafka": kafka.tls, **trusted},
            "mtls": {"kafka": kafka.mtls, **trusted, **certified},
            "PLAIN": {**clear, "kafka_sasl_mechanism": "PLAIN"},
            "SCRAM-SHA-256": {**clear, "kafka_sasl_mechanism": "SCRAM-SHA-256"},
            "SCRAM-SHA-512": {**clear, "kafka_sasl_mechanism": "SCRAM-SHA-512"},
            "SCRAM-SHA-512 in TLS": {"kafka": kafka.sasl_tls, **trusted, **named, "kafka_sasl_mechanism": "SCRAM-SHA-512"},
            "OAUTHBEARER": {
                "kafka": kafka.sasl_tls,
                **trusted,
                "kafka_sasl_mechanism": "OAUTHBEARER",
                "kafka_sasl_oauthbearer_token_endpoint_url": url,
                "kafka_sasl_oauthbearer_client_id": CLIENT,
                "kafka_sasl_oauthbearer_client_secret": SECRET,
                "kafka_https_ca_location": str(files.ca),
            },
        }
        registry = {"schema_registry": kafka.settings.schema_registry}
        yield {way: {**registry, **said} for way, said in told.items()}


def arrived(kafka: SecuredKafka, job: str) -> list[str]:
    return [event.event_type for event in kafka.of_job(job) if isinstance(event, RunEvent)]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("way", WAYS)
def test_by_argument(
    kafka: SecuredKafka, ways: dict[str, Said], way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run is in Kafka, counted as sent, and nothing was to be said."""
    client = track.Client(spool=tmp_path / "spool", **ways[way])
    with track.Run(client, f"argument-{way}", "n") as run:
        run.metric("n", 1)
    assert client.flush(20), client.last_warning
    client.close()
    stats = client.stats()
    assert (stats.sent, stats.spooled, stats.dropped) == (3, 0, {})
    assert arrived(kafka, f"argument-{way}") == ["START", "COMPLETE"]
    assert warnings(caplog) == []


JOB = """
import sys
from leadline import track
from leadline.cli.examination import Finding, examine
with track.run(sys.argv[1], "n") as run:
    run.metric("n", 1)
sent = track.flush(20)
print(sent, track.stats().spooled, track.stats().dropped)
"""


def job(name: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", JOB, name]
    return subprocess.Popen(command, env={**os.environ, **environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("way", ["mtls", "SCRAM-SHA-512 in TLS", "OAUTHBEARER"])
def test_by_environment_or_file(kafka: SecuredKafka, ways: dict[str, Said], way: str, tmp_path: Path) -> None:
    """The addresses and names of one process by variables, the secrets by files; of another all by one TOML file."""
    environ = {"LEADLINE_DATA": str(tmp_path)}
    for name, value in ways[way].items():
        variable = OPTIONS[name].variable
        if OPTIONS[name].secret:
            path = tmp_path / name
            path.write_text(f"{value}\n")
            environ[f"{variable}_FILE"] = str(path)
        else:
            environ[variable] = value
    file = tmp_path / "leadline.toml"
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in ways[way].items()))
    file.chmod(0o600)
    of_file = {"LEADLINE_DATA": str(tmp_path), "LEADLINE_CONFIG": str(file)}
    jobs = {name: job(f"{name}-{way}", given) for name, given in (("environment", environ), ("file", of_file))}
    for place, process in jobs.items():
        told = process.communicate(timeout=60)
        assert (process.returncode, *told) == (0, "True 0 {}\n", ""), place
        assert arrived(kafka, f"{place}-{way}") == ["START", "COMPLETE"]


WRONG = {
    "PLAIN": ("PLAIN", {"kafka_sasl_password": WRONG_SECRET}, "does not let us in"),
    "SCRAM": ("SCRAM-SHA-256", {"kafka_sasl_password": WRONG_SECRET}, "does not let us in"),
    "SCRAM in TLS": ("SCRAM-SHA-512 in TLS", {"kafka_sasl_password": WRONG_SECRET}, "does not let us in"),
    "nobody": ("SCRAM-SHA-512", {"kafka_sasl_username": "nobody"}, "does not let us in"),
    "token": ("OAUTHBEARER", {"kafka_sasl_oauthbearer_client_secret": WRONG_SECRET}, "could not be told who we are"),
    "token's CA": ("OAUTHBEARER", {"kafka_https_ca_location": "other"}, "could not be told who we are"),
    "CA": ("tls", {"kafka_ssl_ca_location": "other"}, "cannot be trusted"),
    "no CA": ("tls", {"kafka_ssl_ca_location": "", "kafka_security_protocol": "SSL"}, "cannot be trusted"),
    "no certificate": (
        "mtls",
        {"kafka_ssl_certificate_location": "", "kafka_ssl_key_location": "", "kafka_ssl_key_password": ""},
        "does not trust us",
    ),
    "key password": ("mtls", {"kafka_ssl_key_password": WRONG_SECRET}, "KAFKA_SSL_KEY_PASSWORD"),
    "in the clear to TLS": ("tls", {"kafka_ssl_ca_location": ""}, "KAFKA_SECURITY_PROTOCOL"),
    "in the clear to SASL": (
        "PLAIN",
        {"kafka_security_protocol": "", "kafka_sasl_mechanism": "", "kafka_sasl_username": "", "kafka_sasl_password": ""},
        "KAFKA_SECURITY_PROTOCOL",
    ),
    "TLS to SASL in the clear": ("PLAIN", {"kafka_security_protocol": "SASL_SSL"}, "KAFKA_SECURITY_PROTOCOL"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting(
    kafka: SecuredKafka, ways: dict[str, Said], what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One sentence without the secret, everything in the spool within the bound of close; set right, the spool is sent."""
    way, wrong, sentence = WRONG[what]
    wrong = {name: str(kafka.certificates.other_ca) if value == "other" else value for name, value in wrong.items()}
    warning = refused(f"wrong-{what}", {**ways[way], **wrong}, tmp_path, caplog)
    assert sentence in warning
    assert not [secret for secret in SECRETS if secret in warning]
    sent_later(kafka, f"wrong-{what}", ways[way], tmp_path)


def refused(name: str, said: Said, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> str:
    """Reports a run that cannot be sent; the one line that is said of it."""
    client = track.Client(spool=tmp_path / "spool", close_seconds=CLOSE_SECONDS, **said)
    with track.Run(client, name, "n") as run:
        run.metric("n", 1)
    wait_until(lambda: warnings(caplog), seconds=60, what="a line that says why")
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < CLOSE_SECONDS + 10.0, "bounded, on a loaded machine too"
    stats = client.stats()
    assert (stats.sent, stats.spooled, stats.dropped) == (0, 3, {})
    [warning] = warnings(caplog)
    return warning


def sent_later(kafka: SecuredKafka, name: str, said: Said, tmp_path: Path) -> None:
    client = track.Client(spool=tmp_path / "spool", **said)
    assert client.send_spool(20), client.last_warning
    assert arrived(kafka, name) == ["START", "COMPLETE"]


@pytest.fixture(scope="module")
def front(kafka: SecuredKafka) -> Iterator[str]:
    with registry_front(kafka.settings.schema_registry, kafka.certificates) as url:
        yield url


def registry_ways(kafka: SecuredKafka, front: str) -> dict[str, Said]:
    base = {"kafka": kafka.settings.kafka, "schema_registry": front, "schema_registry_ca": str(kafka.certificates.ca)}
    password = urllib.parse.quote(registry.PASSWORD, safe="")
    return {
        "basic": {**base, "schema_registry_username": registry.USER, "schema_registry_password": registry.PASSWORD},
        "bearer": {**base, "schema_registry_token": registry.TOKEN},
        "in the URL": {**base, "schema_registry": front.replace("://", f"://{registry.USER}:{password}@")},
    }


@pytest.mark.parametrize("way", ["basic", "bearer", "in the URL"])
def test_a_registry_that_asks(
    kafka: SecuredKafka, front: str, way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTPS with a CA of its own, each of the three ways to say who we are."""
    client = track.Client(spool=tmp_path / "spool", **registry_ways(kafka, front)[way])
    with track.Run(client, f"registry-{way}", "n") as run:
        run.metric("n", 1)
    assert client.flush(20), client.last_warning
    client.close()
    assert arrived(kafka, f"registry-{way}") == ["START", "COMPLETE"]
    assert warnings(caplog) == []


REFUSED_BY_REGISTRY = {
    "password": ("basic", {"schema_registry_password": WRONG_SECRET}, "refuses our credentials (401)"),
    "token": ("bearer", {"schema_registry_token": WRONG_SECRET}, "refuses our credentials (401)"),
    "nobody": ("bearer", {"schema_registry_token": ""}, "asks for credentials (401)"),
    "CA": ("in the URL", {"schema_registry_ca": "other"}, "look at SCHEMA_REGISTRY_CA"),
    "no CA": ("in the URL", {"schema_registry_ca": ""}, "look at SCHEMA_REGISTRY_CA"),
    "in the URL": ("in the URL", {"schema_registry": "wrong"}, "refuses our credentials (401)"),
}


@pytest.mark.parametrize("what", REFUSED_BY_REGISTRY)
def test_a_registry_that_refuses(
    kafka: SecuredKafka, front: str, what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As with Kafka; what stands before the @ of the URL is never shown."""
    way, wrong, sentence = REFUSED_BY_REGISTRY[what]
    said = {**registry_ways(kafka, front)[way], **wrong}
    if said["schema_registry"] == "wrong":
        said["schema_registry"] = front.replace("://", f"://{registry.USER}:{WRONG_SECRET}@")
    if said["schema_registry_ca"] == "other":
        said["schema_registry_ca"] = str(kafka.certificates.other_ca)
    warning = refused(f"registry-wrong-{what}", said, tmp_path, caplog)
    assert sentence in warning
    assert not [part for part in (*SECRETS, registry.PASSWORD, registry.TOKEN, "%40", "@") if part in warning]
    sent_later(kafka, f"registry-wrong-{what}", registry_ways(kafka, front)[way], tmp_path)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "OAUTHBEARER"])
def test_fausts_client(ways: dict[str, Said], way: str) -> None:
    """It is let in by the same settings."""
    given = Settings(**ways[way])

    async def partitions() -> set[int]:
        auth = credentials_to_aiokafka_auth(credentials(given))
        producer = AIOKafkaProducer(bootstrap_servers=given.kafka, **auth)
        await producer.start()
        try:
            return set(await producer.partitions_for(RUNS))
        finally:
            await producer.stop()

    assert asyncio.run(partitions()) == {0, 1, 2, 3}


def test_a_worker(kafka: SecuredKafka, ways: dict[str, Said], front: str, tmp_path: Path) -> None:
    """As a whole, with its watchdog, its log reader and a registry that asks: a run becomes readings."""
    way = "SCRAM-SHA-512 in TLS"
    said = {**ways[way], **registry_ways(kafka, front)["bearer"], "kafka": ways[way]["kafka"]}
    environ = {OPTIONS[name].variable: value for name, value in said.items()}
    before = readings(kafka)
    command = [sys.executable, "-m", "leadline.cli", "worker", "lineage", "--health-port", "0"]
    with (tmp_path / "log").open("wb") as out:
        worker = subprocess.Popen(command, env={**os.environ, **environ}, stdout=out, stderr=out)
    try:
        client = track.Client(spool=tmp_path / "spool", **said)
        with track.Run(client, "worker", "n"):
            pass
        client.close()
        wait_until(lambda: readings(kafka) > before, seconds=40, what=f"readings; see {tmp_path / 'log'}")
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
    assert not [secret for secret in (*SECRETS, registry.TOKEN) if secret in (tmp_path / "log").read_text()]


def readings(kafka: SecuredKafka) -> int:
    """What the worker has said of runs that it read."""
    found = (event for _, _, event in kafka.messages() if isinstance(event, MetricsReported))
    return sum(1 for event in found if any(reading.metric == "run.duration_seconds" for reading in event.readings))


def test_doctor(kafka: SecuredKafka, ways: dict[str, Said], front: str, tmp_path: Path) -> None:
    """It connects by the same settings, says why it cannot, and shows no secret."""

    def found(**more: Any) -> dict[str, Finding]:
        way = ways["SCRAM-SHA-512 in TLS"]
        said = {**registry_ways(kafka, front)["in the URL"], **way, "schema_registry": in_url, **more}
        return {one.about: one for one in examine(Settings(data=tmp_path, **said), now=0)}

    in_url = registry_ways(kafka, front)["in the URL"]["schema_registry"]
    right = found()
    assert (right["Kafka"].level, right["registry"].level) == ("ok", "ok"), right
    refused = found(kafka_sasl_password=WRONG_SECRET, schema_registry=in_url.replace(f"{registry.USER}:", "nobody:"))
    assert "does not let us in" in refused["Kafka"].found
    assert "refuses our credentials" in refused["registry"].found
    missing = found(kafka_sasl_password="")
    assert "KAFKA_SASL_PASSWORD is missing" in missing["Kafka"].found
    told = f"{right} {refused} {missing}"
    assert not [part for part in (*SECRETS, registry.PASSWORD, "%40", "@") if part in told]
