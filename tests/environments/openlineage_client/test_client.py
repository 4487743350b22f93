"""OpenLineage's own Python client, by each of its ways out that Leadline has a way in for: the same messages arrive."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, TopicPartition
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
)
from openlineage.client.facet_v2 import error_message_run, parent_run, schema_dataset
from requests import HTTPError
from tests.conftest import free_port_base

from leadline.adapters.openlineage import check, decode
from leadline.core.settings import Settings
from leadline.events.kafka import consumer_config
from leadline.events.topics import OPENLINEAGE_EVENTS
from leadline.local import Stack

TIME = datetime(2026, 11, 27, 8, 30, tzinfo=UTC).isoformat()
RUN_ID, PARENT_ID, ROOT_ID = (f"0193642f-86c0-7b49-a0c2-6a5e4b2f1c3{digit}" for digit in "abc")


class Way(NamedTuple):
    settings: Settings
    transports: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """A broker, a registry and an API, with the configurations that docs/openlineage.md gives."""
    stack = Stack(tmp_path_factory.mktemp("openlineage"), free_port_base(), only=("broker", "registry", "api"))
    with stack as settings:
        token = (settings.data / "token").read_text().strip()
        http = {"type": "http", "url": stack.api, "auth": {"type": "api_key", "apiKey": token}}
        kafka = {"type": "kafka", "topic": OPENLINEAGE_EVENTS, "config": {"bootstrap.servers": settings.kafka}}
        transports = {
            "http": http,
            "gzip": {**http, "compression": "gzip"},
            "async": {**http, "type": "async_http"},
            "kafka": kafka,
        }
        yield Way(settings, transports)


def run_event(name: str, **facets: Any) -> RunEvent:
    orders = InputDataset("postgres://db:5432", "shop.public.orders")
    columns = [schema_dataset.SchemaDatasetFacetFields(name="id", type="bigint", description="Schlüssel")]
    features = OutputDataset("s3://lake", "features", facets={"schema": schema_dataset.SchemaDatasetFacet(fields=columns)})
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=TIME,
        run=Run(RUN_ID, facets=facets),
        job=Job("test", name),
        producer="https://example.com/test",
        inputs=[orders],
        outputs=[features],
    )


def below(*, root: bool) -> parent_run.ParentRunFacet:
    above = parent_run.Root(run=parent_run.RootRun(ROOT_ID), job=parent_run.RootJob("test", "root"))
    return parent_run.ParentRunFacet(
        run=parent_run.Run(PARENT_ID), job=parent_run.Job("test", "parent"), root=above if root else None
    )


EVENTS: dict[str, Any] = {
    "run:test/alone": run_event("alone", errorMessage=error_message_run.ErrorMessageRunFacet("failed", "python")),
    "run:test/parent": run_event("child", parent=below(root=False)),
    "run:test/root": run_event("grandchild", parent=below(root=True)),
    "job:test/design": JobEvent(eventTime=TIME, job=Job("test", "design"), producer="https://example.com/test"),
    "dataset:s3://lake/table": DatasetEvent(
        eventTime=TIME, dataset=StaticDataset("s3://lake", "table"), producer="https://example.com/test"
    ),
}
"""By the key under which they are to be found."""


def arrived(settings: Settings, after: dict[int, int]) -> dict[str, Any]:
    """Key and event of what is on the topic behind these offsets."""
    consumer = Consumer(consumer_config(settings, "test"))
    found = {}
    try:
        for partition, end in ends(settings).items():
            consumer.assign([TopicPartition(OPENLINEAGE_EVENTS, partition, after[partition])])
            for message in consumer.consume(end - after[partition], timeout=15):
                assert message.error() is None
                document = decode(message.value())
                assert check(document) == []
                found[message.key().decode()] = document
        return found
    finally:
        consumer.close()


def ends(settings: Settings) -> dict[int, int]:
    consumer = Consumer(consumer_config(settings, "test"))
    try:
        partitions = consumer.list_topics(OPENLINEAGE_EVENTS, timeout=15).topics[OPENLINEAGE_EVENTS].partitions
        return {
            one: consumer.get_watermark_offsets(TopicPartition(OPENLINEAGE_EVENTS, one), timeout=15)[1] for one in partitions
        }
    finally:
        consumer.close()


@pytest.mark.parametrize("name", ["http", "gzip", "async", "kafka"])
def test_every_event_arrives_whole_under_its_key(way: Way, name: str) -> None:
    """Of the three kinds; the API finds the key that the client's Kafka transport gives. Nothing is worth a warning."""
    before = ends(way.settings)
    client = OpenLineageClient(config={"transport": way.transports[name]})
    for event in EVENTS.values():
        client.emit(event)
    client.close(15)
    found = arrived(way.settings, before)
    assert set(found) == set(EVENTS)
    assert found["run:test/root"]["run"]["facets"]["parent"]["root"]["job"]["name"] == "root"
    assert found["run:test/alone"]["outputs"][0]["facets"]["schema"]["fields"][0]["description"] == "Schlüssel"
    assert json.dumps(found["job:test/design"]).count("design") == 1


@pytest.mark.parametrize(("status", "change"), [(401, {"auth": {"type": "api_key", "apiKey": "wrong"}}), (422, {})])
def test_a_refusal_reaches_whoever_emits(way: Way, status: int, change: dict[str, Any]) -> None:
    """At once, and without another try."""
    client = OpenLineageClient(config={"transport": {**way.transports["http"], **change}})
    unusable = RunEvent(eventTime=TIME, run=Run(RUN_ID), job=Job("test", ""), producer="https://example.com/test")
    with pytest.raises(HTTPError) as raised:
        client.emit(unusable)
    assert raised.value.response.status_code == status
