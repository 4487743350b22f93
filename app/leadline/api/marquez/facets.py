"""Facets as the events had them."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros
from leadline.history.lineage import chunks
from leadline.history.node import NodeRef

from .rows import PAIRS, of_names, of_runs, pairs
from .shapes import Facets

RunKey = tuple[str, str, str]
"""job namespace, job name, run id"""


class _Named(msgspec.Struct, frozen=True):
    namespace: str
    name: str
    facet: str
    value: str


class _OfRun(msgspec.Struct, frozen=True):
    level: str
    namespace: str
    name: str
    job_namespace: str
    job_name: str
    run_id: str
    facet: str
    value: str

    @property
    def run(self) -> RunKey:
        return self.job_namespace, self.job_name, self.run_id


class Said(msgspec.Struct, frozen=True):
    """One content of one facet, and since when it was said."""

    namespace: str
    name: str
    facet: str
    value: str
    first_seen: Micros


_LATEST = {"value": "argMax(value, last_seen)"}
_NOT_DELETED = "HAVING NOT JSONExtractBool(argMax(value, last_seen), '_deleted')"


def facets_of(client: Client, level: str, nodes: Iterable[NodeRef]) -> dict[NodeRef, Facets]:
    """Of JOB or DATASET, as they are now; those that an event deleted are left out."""
    nodes = list(nodes)
    found = of_names(
        client,
        _Named,
        nodes,
        lambda of: f"FROM leadline.facets WHERE level = '{level}' AND {of} GROUP BY namespace, name, facet {_NOT_DELETED}",
        _LATEST,
    )
    by_name: dict[tuple[str, str], Facets] = {}
    for row in found:
        by_name.setdefault((row.namespace, row.name), {})[row.facet] = msgspec.Raw(row.value.encode())
    return {node: by_name.get((node.namespace, node.name), {}) for node in nodes}


def facets_over_time(client: Client, of: NodeRef, most: int) -> list[Said]:
    """Of a dataset: the newest `most` contents of each facet, the newest first."""
    return list(
        of_names(
            client,
            Said,
            [of],
            lambda named: (
                f"FROM leadline.facets WHERE level = 'DATASET' AND {named} "
                f"ORDER BY first_seen DESC, facet, value LIMIT {most:d} BY facet"
            ),
        )
    )


class FacetsOfRuns(msgspec.Struct, frozen=True):
    """`of_data`: of what a run read (INPUT) or wrote (OUTPUT)."""

    of_run: Mapping[RunKey, Facets]
    of_data: Mapping[tuple[RunKey, str, str, str], Facets]


def facets_of_runs(client: Client, runs: Iterable[RunKey], data: Iterable[NodeRef]) -> FacetsOfRuns:
    """`data`: all that the runs used; the store finds facets by whom they are about."""
    runs = list(runs)
    of_run: dict[RunKey, Facets] = {}
    of_data: dict[tuple[RunKey, str, str, str], Facets] = {}
    for row in _of_runs(client, runs, "level = 'RUN'", {NodeRef("JOB", *run[:2]) for run in runs}):
        of_run.setdefault(row.run, {})[row.facet] = msgspec.Raw(row.value.encode())
    for row in _of_runs(client, runs, "level IN ('INPUT', 'OUTPUT')", set(data)):
        of_data.setdefault((row.run, row.level, row.namespace, row.name), {})[row.facet] = msgspec.Raw(row.value.encode())
    return FacetsOfRuns(of_run, of_data)


def _of_runs(client: Client, runs: list[RunKey], level: str, about: set[NodeRef]) -> Iterator[_OfRun]:
    for part in chunks(sorted(about)):
        yield from of_runs(
            client,
            _OfRun,
            runs,
            lambda of: (
                f"FROM leadline.facets WHERE {level} AND (namespace, name) IN {PAIRS} AND {of} "
                "GROUP BY level, namespace, name, job_namespace, job_name, run_id, facet"
            ),
            _LATEST,
            pairs=pairs(part),
        )
