"""Events as tools send them, and what became of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from leadline.adapters.openlineage import check, decode, to_events
from leadline.events.codec import decode_body, encode_body
from leadline.events.records import Event
from leadline.events.validate import validate

BODIES = Path(__file__).parent / "bodies"
Kind = TypeVar("Kind", bound=Event)
Document = dict[str, Any]


def facet(**fields: Any) -> Document:
    return {"_producer": "https://example.com/producer", "_schemaURL": "https://example.com/facet.json", **fields}


def data(name: str = "orders", *, namespace: str = "postgres://db:5432", **facets: Any) -> Document:
    """Keywords are facets; `input_` and `output_` before a name make it one of the use."""
    found: Document = {"namespace": namespace, "name": name, "facets": {}, "inputFacets": {}, "outputFacets": {}}
    for name_, value in facets.items():
        side, _, rest = name_.partition("_")
        place = {"input": "inputFacets", "output": "outputFacets"}.get(side)
        if place:
            found[place][rest] = value
        else:
            found["facets"][name_] = value
    return found


def run_event(
    *,
    run: Document | None = None,
    job: Document | None = None,
    inputs: list[Document] | None = None,
    outputs: list[Document] | None = None,
    **fields: Any,
) -> Document:
    """`run` and `job` are their facets."""
    return {
        "eventTime": "2026-11-21T08:00:00Z",
        "eventType": "COMPLETE",
        "producer": "https://github.com/apache/airflow/tree/1",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "01a1fbc6-c379-7626-b419-c280d45bbdc4", "facets": run or {}},
        "job": {"namespace": "airflow://prod", "name": "orders.load", "facets": job or {}},
        "inputs": inputs or [],
        "outputs": outputs or [],
        **fields,
    }


def without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


def made(document: Document) -> list[Event]:
    """By the whole way, as bytes: checked, mapped, valid and encoded."""
    known = decode(json.dumps(document).encode())
    events = to_events(known, check(known))  # type: ignore[arg-type]
    for event in events:
        validate(event)
        assert decode_body(encode_body(event), type(event).__name__) == event
    return events


def of(kind: type[Kind], document: Document, where: Callable[[Kind], bool] = lambda _: True) -> Kind:
    """The only event of that kind."""
    (found,) = [event for event in made(document) if isinstance(event, kind) and where(event)]
    return found
