"""Events as a client would send them, for the tests beside it."""

from collections.abc import Iterable
from typing import Any, TypeVar

from leadline.adapters.openlineage import check, to_events
from leadline.events.records import Event

T = TypeVar("T", bound=Event)

TABLE = ("postgres://db:5432", "shop.public.orders")
JOB = ("airflow://prod", "shop.load")


def facet(**fields: Any) -> dict[str, Any]:
    return {"_producer": "https://example.com/tool/1.0", "_schemaURL": "https://example.com/facet.json", **fields}


def dataset(**fields: Any) -> dict[str, Any]:
    """`facets`, `inputFacets` and `outputFacets` as they are."""
    return {"namespace": TABLE[0], "name": TABLE[1], **fields}


def run_event(
    run: dict[str, Any] | None = None,
    job: dict[str, Any] | None = None,
    inputs: Iterable[dict[str, Any]] = (),
    outputs: Iterable[dict[str, Any]] = (),
    **fields: Any,
) -> dict[str, Any]:
    """`run` and `job`: their facets."""
    return {
        "eventTime": "2026-11-21T08:00:00Z",
        "eventType": "COMPLETE",
        "producer": "https://example.com/tool/1.0",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "01a1fbc6-c379-7072-9602-2d8ce883407e", "facets": run or {}},
        "job": {"namespace": JOB[0], "name": JOB[1], "facets": job or {}},
        "inputs": list(inputs),
        "outputs": list(outputs),
        **fields,
    }


def design(**parts: Any) -> dict[str, Any]:
    """A JobEvent or DatasetEvent."""
    return {
        "eventTime": "2026-11-21T08:00:00Z",
        "producer": "https://example.com/tool/1.0",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        **parts,
    }


def made(document: dict[str, Any]) -> list[Event]:
    return to_events(document, check(document))


def only(events: Iterable[Event], kind: type[T]) -> T:
    """The one of that kind."""
    (found,) = of(events, kind)
    return found


def of(events: Iterable[Event], kind: type[T]) -> list[T]:
    return [event for event in events if type(event) is kind]
