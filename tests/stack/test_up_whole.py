"""What the whole stack has when it is ready."""

import json
import stat
import urllib.request

import pytest
from confluent_kafka.admin import AdminClient

from leadline.core.settings import STORE_WRITER, Settings, load_settings
from leadline.events.topics import load_topics, subject

pytestmark = pytest.mark.stack


@pytest.fixture
def local(stack: Settings, request: pytest.FixtureRequest) -> Settings:
    if request.config.getoption("--stack") != "local":
        pytest.skip("only the local stack has a data directory")
    return stack


def test_addresses_lead_every_command_to_the_stack(local: Settings) -> None:
    """`addresses.json` and the token, readable by their owner alone, are all that a command needs."""
    addresses = json.loads((local.data / "addresses.json").read_text())
    api = addresses.pop("api")
    assert addresses == {"kafka": local.kafka, "schema_registry": local.schema_registry, "clickhouse": local.clickhouse}
    assert api == f"http://127.0.0.1:{int(local.kafka.rpartition(':')[2]) + 4}"
    assert stat.S_IMODE((local.data / "token").stat().st_mode) == 0o600
    assert load_settings({}, local.data) == local
    assert local.clickhouse_user == STORE_WRITER


def test_the_token_is_in_no_log(local: Settings) -> None:
    """Secrets stay where they are."""
    assert local.clickhouse_password
    for log in (local.data / "logs").iterdir():
        assert local.clickhouse_password.encode() not in log.read_bytes()


def test_topics_and_schemas_are_there(stack: Settings) -> None:
    """Every topic with its partitions, every record under its subject."""
    topics = load_topics(stack.environment)
    found = AdminClient({"bootstrap.servers": stack.kafka}).list_topics(timeout=60).topics
    assert {topic.name: len(found[topic.name].partitions) for topic in topics} == {t.name: t.partitions for t in topics}
    with urllib.request.urlopen(f"{stack.schema_registry}/subjects", timeout=60) as answer:
        subjects = set(json.load(answer))
    assert {subject(topic.name, record) for topic in topics for record in (*topic.records, *topic.control)} <= subjects
