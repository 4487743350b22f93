"""OpenLineage's events, as short as a test can say them."""

from typing import Any

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
