"""Versions of a dataset, each with the run that made it."""

from collections.abc import Sequence

import msgspec
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.clock import to_datetime
from leadline.core.errors import LeadlineError
from leadline.events.records.event import Micros
from leadline.history.nodes import Node
from leadline.history.query import fetch
from leadline.history.versions import Version

from ..queries.parameters import parameters
from .answer import as_json
from .counted import count
from .datasets import known_dataset, lifecycle_of, source_of
from .facets import Said, facets_over_time
from .fields import described, fields_of_facets
from .node_rows import tag_names
from .page import LIMITED, Page
from .run_rows import get_runs, shaped
from .shapes import DatasetVersion, Facets, Field, Run, VersionId

_OF_NODE = "FROM leadline.versions WHERE kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"
MAX_CONTENTS = 1_000
"""Of each facet: older contents are not looked at."""


def dataset_versions(client: Client, request: Request) -> Response:
    page, node = parameters(request.query_params, Page), known_dataset(client, request)
    of = msgspec.structs.asdict(node.ref)
    rows = fetch(client, Version, f"{_OF_NODE} ORDER BY event_time DESC, version {LIMITED}", **of, **page.bound)
    return as_json({"versions": _shaped(client, node, rows), "totalCount": count(client, _OF_NODE, **of)})


def one_dataset_version(client: Client, request: Request) -> Response:
    node, version = known_dataset(client, request), request.path_params["version"]
    of = msgspec.structs.asdict(node.ref)
    rows = fetch(client, Version, f"{_OF_NODE} AND version = {{version:String}}", **of, version=version)
    if not rows:
        raise LeadlineError(f"dataset {node.name!r} has no version {version!r}")
    return as_json(_shaped(client, node, rows)[0])


def _shaped(client: Client, node: Node, versions: list[Version]) -> list[DatasetVersion]:
    keys = {version.version: (version.job_namespace, version.job_name, version.run_id) for version in versions}
    rows = get_runs(client, {key for key in keys.values() if key[2]})
    runs = shaped(client, rows.values())
    said, fields = facets_over_time(client, node.ref, MAX_CONTENTS), described(client, node.ref)
    shapes = []
    for version in versions:
        key = keys[version.version]
        # What the run said of it until its end is about this version.
        until = max(version.event_time, rows[key].last_event_at if key in rows else 0)
        facets = facets_then(said, until)
        shapes.append(_shape(node, version, runs.get(key), facets, fields.get(version.version, [])))
    return shapes


def facets_then(said: Sequence[Said], until: Micros) -> Facets:
    """Of each facet the content that was said last by then. `said`: the newest first."""
    found: dict[str, msgspec.Raw] = {}
    for one in said:
        if one.first_seen <= until and one.facet not in found:
            found[one.facet] = msgspec.Raw(one.value.encode())
    return found


def _shape(node: Node, version: Version, run: Run | None, facets: Facets, fields: list[Field]) -> DatasetVersion:
    return DatasetVersion(
        id=VersionId(namespace=node.namespace, name=node.name, version=version.version),
        name=node.name,
        physical_name=node.name,
        created_at=to_datetime(version.event_time),
        version=version.version,
        namespace=node.namespace,
        source_name=source_of(node, facets),
        fields=fields or fields_of_facets(facets),
        tags=tag_names(node.tags),
        lifecycle_state=lifecycle_of(node, facets) or None,
        description=node.description or None,
        current_schema_version=version.schema_version or None,
        created_by_run=run,
        facets=facets,
    )
