"""No secret of an event reaches a topic, wherever it stands, and nothing else is changed."""

from typing import Any

import msgspec
import pytest

from leadline.adapters.openlineage.secrets import without_secrets
from leadline.events.records import OpenLineageReceived, RunEvent

from .sent import dataset, facet, made, only, run_event

KEY = "AKIA" + "IOSFODNN7EXAMPLF"[:16].replace("8", "7")


@pytest.mark.parametrize(
    ("document", "secret"),
    [
        (
            run_event(run={"environmentVariables": facet(environmentVariables=[{"name": "A_TOKEN", "value": "s3cretvalue"}])}),
            "s3cret",
        ),
        (run_event(run={"executionParameters": facet(parameters=[{"key": "db_password", "value": 918273645}])}), "918273645"),
        (run_event(run={"mine": facet(password="s3cretvalue")}), "s3cret"),
        (run_event(run={"mine": facet(deep=[{"x": ["--password s3cretvalue"]}])}), "s3cret"),
        (run_event(run={"errorMessage": facet(message="login failed: password='s3cretvalue'")}), "s3cret"),
        (run_event(job={"sourceCode": facet(language="python", sourceCode=f"key = '{KEY}'")}), KEY),
        (run_event(inputs=[dataset(facets={"dataSource": facet(uri="postgres://ana:s3cretvalue@db:5432/x")})]), "s3cret"),
        (run_event(inputs=[{"namespace": "postgres://ana:s3cretvalue@db:5432", "name": "t"}]), "s3cret"),
        (run_event(producer="https://ana:s3cretvalue@git.example.com/tool"), "s3cret"),
    ],
)
def test_a_secret_is_in_no_event(document: dict[str, Any], secret: str) -> None:
    """Neither in what came nor in what is made of it."""
    assert secret in msgspec.json.encode(document).decode()
    events = made(document)
    assert secret not in msgspec.json.encode(events).decode()
    assert secret not in msgspec.json.encode(made(document)).decode()  # the second time it is remembered


def test_a_node_is_the_same_with_any_password() -> None:
    """Credentials are left out of names, not marked; a column edge leads to the same node."""
    namespace = "postgres://ana:s3cretvalue@db:5432"
    lineage = facet(fields={"x": {"inputFields": [{"namespace": namespace, "name": "t", "field": "y"}]}})
    event = only(
        made(run_event(inputs=[{"namespace": namespace, "name": "t"}], outputs=[dataset(facets={"columnLineage": lineage})])),
        RunEvent,
    )
    assert event.inputs[0].namespace == event.columns[0].source_namespace == "postgres://db:5432"


def test_what_holds_no_secret_stays_as_it_is() -> None:
    """The very same object: nothing is copied."""
    document = run_event(run={"tags": facet(tags=[{"key": "token_count", "value": "5"}])}, inputs=[dataset()])
    assert without_secrets(document) is document


def test_the_id_does_not_hang_on_what_is_hidden() -> None:
    """The same event has the same id; another password is another event."""
    one, same, other = (
        made(run_event(run={"mine": facet(password=secret)})) for secret in ("s3cret-1", "s3cret-1", "s3cret-2")
    )
    assert one[0].event_id == same[0].event_id != other[0].event_id
    assert only(one, OpenLineageReceived).body == only(other, OpenLineageReceived).body
