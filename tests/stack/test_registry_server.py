"""The schema registry as a process, on real Kafka."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import schema_registry as official

from leadline.core.errors import Unavailable, UsageError
from leadline.core.settings import Settings
from leadline.events.codec import Codec
from leadline.events.kafka import consumer_config
from leadline.events.records import RunEvent
from leadline.events.registry import RegistryClient
from leadline.local import Stack

from ..conftest import free_port_base, wait_until


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Settings]]:
    """Kafka and the registry alone."""
    stack = Stack(tmp_path_factory.mktemp("registry"), free_port_base(), only=["broker", "registry"])
    with stack as settings:
        yield stack, settings


@pytest.fixture
def client(servers: tuple[Stack, Settings]) -> RegistryClient:
    return RegistryClient(servers[1].schema_registry)


def record(*fields: str, kind: str = "int") -> str:
    entries: list[dict[str, Any]] = [{"name": name, "type": kind} for name in fields]
    return json.dumps({"type": "record", "name": "Reading", "fields": entries})


def call(settings: Settings, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(settings.schema_registry + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def schemas_records(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    """Everything in the topic, from its beginning."""
    consumer = Consumer(consumer_config(settings, "test"))
    try:
        partition = TopicPartition("_schemas", 0, 0)
        _, end = consumer.get_watermark_offsets(partition)
        consumer.assign([partition])
        found: list[tuple[bytes | None, bytes | None]] = []
        while len(found) < end:
            message = consumer.poll(1.0)
            if message is not None:
                assert message.error() is None
                found.append((message.key(), message.value()))
        return found
    finally:
        consumer.close()


def test_our_schemas_are_registered_at_the_start(servers: tuple[Stack, Settings], client: RegistryClient) -> None:
    """A codec finds every schema there and registers nothing."""
    before = len(schemas_records(servers[1]))
    schema_id = Codec(client).schema_id("RunEvent", "leadline.runs")
    assert json.loads(client.schema(schema_id) or "")["name"] == RunEvent.__name__
    assert len(schemas_records(servers[1])) == before


def test_ids_survive_kill_9(servers: tuple[Stack, Settings]) -> None:
    """What was answered is there after kill -9, under the same id, and new ids are new."""
    stack, settings = servers
    ids = {name: RegistryClient(settings.schema_registry).register(f"kill-{name}", record(name)) for name in "abc"}
    pid = stack.pids()["registry"]
    stack.kill("registry")
    wait_until(lambda: stack.pids().get("registry", pid) != pid, seconds=20, what="the registry's restart")
    stack.wait_healthy()
    client = RegistryClient(settings.schema_registry)
    for name, schema_id in ids.items():
        assert client.register(f"kill-{name}", record(name)) == schema_id
        assert client.schema(schema_id) == record(name)
    assert client.register("kill-d", record("d")) > max(ids.values())


def test_nothing_answered_is_lost_with_the_broker(servers: tuple[Stack, Settings]) -> None:
    """While Kafka is killed and comes back, a registration is answered or refused; answered ones stay, ids stay unique."""
    stack, settings = servers
    answered: dict[str, int] = {}

    def register(prefix: str) -> None:
        client = RegistryClient(settings.schema_registry, timeout_seconds=15)
        for number in range(12):
            name = f"{prefix}{number}"
            try:
                answered[name] = client.register(f"broker-{name}", record(name))
            except Unavailable:
                continue

    threads = [threading.Thread(target=register, args=(prefix,)) for prefix in "xyz"]
    for thread in threads:
        thread.start()
    stack.kill("broker")
    for thread in threads:
        thread.join()
    stack.wait_healthy()
    stack.kill("registry")
    stack.wait_healthy()
    client = RegistryClient(settings.schema_registry)
    assert {name: client.register(f"broker-{name}", record(name)) for name in answered} == answered
    assert len(set(answered.values())) == len(answered)


def test_an_incompatible_change_is_refused(client: RegistryClient) -> None:
    """With the field and what is wrong, where the producer's developer reads it."""
    client.register("refused", record("auc", kind="double"))
    with pytest.raises(UsageError, match="field auc: version 1 wrote double, the new schema expects string"):
        client.register("refused", record("auc", kind="string"))


def test_the_topic_is_confluents(servers: tuple[Stack, Settings], client: RegistryClient) -> None:
    """Keys and values stand in `_schemas` as Confluent's registry writes them."""
    schema_id = client.register("layout", record("a"))
    key = b'{"keytype":"SCHEMA","subject":"layout","version":1,"magic":1}'
    expected = {"subject": "layout", "version": 1, "id": schema_id, "schema": record("a"), "deleted": False}
    found = dict(schemas_records(servers[1]))
    assert json.loads(found[key] or b"") == expected
    assert found[b'{"keytype":"CONFIG","subject":null,"magic":0}'] == b'{"compatibilityLevel":"FULL_TRANSITIVE"}'


def test_web_pages_are_refused(servers: tuple[Stack, Settings]) -> None:
    """A page in a browser on this machine changes nothing."""
    headers = {"Origin": "http://example.org", "Content-Type": "text/plain"}
    status, answer = call(servers[1], "POST", "/subjects/evil/versions", {"schema": '"int"'}, **headers)
    assert (status, answer["error_code"]) == (403, 403)


def test_malformed_requests_get_an_answer(servers: tuple[Stack, Settings]) -> None:
    """Not a dropped connection."""
    assert call(servers[1], "POST", "/subjects/x/versions", ["a list"]) == (
        400,
        {"error_code": 400, "message": "the body must be a JSON object"},
    )
    assert call(servers[1], "GET", "/subjects/none/versions/1")[1]["error_code"] == 40401


def test_confluents_own_client(servers: tuple[Stack, Settings]) -> None:
    """The official client registers, looks up, checks, configures and deletes."""
    with official.SchemaRegistryClient({"url": servers[1].schema_registry}) as client:
        schema = official.Schema(record("a"), "AVRO")
        schema_id = client.register_schema("official", schema)
        assert json.loads(client.get_schema(schema_id).schema_str) == json.loads(record("a"))
        assert client.lookup_schema("official", schema).schema_id == schema_id
        assert client.get_latest_version("official").version == 1
        assert client.get_version("official", 1).schema_id == schema_id
        assert client.get_versions("official") == [1]
        assert "official" in client.get_subjects()
        assert client.test_compatibility("official", schema)
        assert not client.test_compatibility("official", official.Schema(record("a", kind="string"), "AVRO"))
        client.set_compatibility("official", "NONE")
        assert client.get_compatibility("official") == "NONE"
        with pytest.raises(official.SchemaRegistryError) as missing:
            client.get_latest_version("nobody")
        assert missing.value.error_code == 40401
        assert client.delete_subject("official") == [1]
        assert client.delete_subject("official", permanent=True) == [1]
        assert "official" not in client.get_subjects()
