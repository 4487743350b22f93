"""One model: its versions, what each was made of and what was measured of it, and what its metrics usually are."""

from collections.abc import Iterable, Sequence

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.events.records.event import Micros

from .bounds import Bound, list_bounds
from .metric_pairs import MetricPair, Series, metric_pairs, series_of
from .models import Decision, LastValue
from .node import NodeRef
from .nodes import Node
from .query import NODE_SET, fetch, node_set
from .run_diff import Difference, RunDiff, diff_runs
from .run_record import record_of
from .runs import RunData, get_run
from .versions import Version, versions_of
from .watermark import complete_until

MAX_VERSIONS = 100
_LISTED = 10
_OF_NODE = "kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String}"
_VERSIONS = "version IN (SELECT arrayJoin(JSONExtract({versions:String}, 'Array(String)')))"


class ModelVersion(msgspec.Struct, frozen=True):
    """A version, the run that made it and from which code and data, and what was measured of it last; empty: not known."""

    version: str
    event_time: Micros
    job_namespace: str
    job_name: str
    run_id: str
    code_commit: str
    code_hash: str
    inputs: list[RunData]
    metrics: list[LastValue]

    @property
    def job(self) -> NodeRef:
        return NodeRef("JOB", self.job_namespace, self.job_name)


class UsualRange(msgspec.Struct, frozen=True):
    """What to expect of one series: the 5 % and 95 % quantiles of its finite readings over all versions, in its unit."""

    metric: str
    dims: dict[str, str]
    unit: str
    lower: float
    upper: float
    readings: int
    bounds: list[Bound]
    """Those that judge it now."""


class Model(msgspec.Struct, frozen=True):
    node: Node
    versions: list[ModelVersion]
    """The newest first, at most MAX_VERSIONS."""
    usual: list[UsualRange]
    decisions: list[Decision]
    """The newest first, those about no single version too."""
    watermark: Micros | None
    """The store had everything up to then; None: nothing is known about that."""
    truncated: str
    """Why there may be more: versions; empty: this is all."""


class ModelComparison(msgspec.Struct, frozen=True):
    node: NodeRef
    first: ModelVersion
    second: ModelVersion
    parameters: list[Difference]
    """Of the models themselves, as far as they were described."""
    runs: RunDiff | None
    """The runs that made them; None: that of one is not known."""
    metrics: list[MetricPair]
    """What was measured last of each version, by whichever run."""
    watermark: Micros | None


def show_model(client: Client, node: Node) -> Model:
    """`node` as `find_model` gives it."""
    found = versions_of(client, node.ref, MAX_VERSIONS + 1)
    return Model(
        node=node,
        versions=_made(client, node.ref, found[:MAX_VERSIONS]),
        usual=_usual(client, node.ref),
        decisions=fetch(
            client,
            Decision,
            f"FROM leadline.decisions WHERE {_OF_NODE} ORDER BY event_time DESC, decision_id LIMIT 1000",
            **msgspec.structs.asdict(node.ref),
        ),
        watermark=complete_until(client),
        truncated="versions" if len(found) > MAX_VERSIONS else "",
    )


def compare_versions(client: Client, node: NodeRef, first: str, second: str) -> ModelComparison:
    """Versions are given whole or by their beginning. Raises UsageError where several fit, LeadlineError where none does."""
    one, other = _made(client, node, [_find(client, node, text) for text in (first, second)])
    runs = [get_run(client, version.job, version.run_id) for version in (one, other)]
    records = [record_of(client, run) for run in runs if run]
    return ModelComparison(
        node=node,
        first=one,
        second=other,
        parameters=_parameters(client, node, one.version, other.version),
        runs=diff_runs(*records) if len(records) == 2 else None,
        metrics=metric_pairs(_by_series(node, one.metrics), _by_series(node, other.metrics)),
        watermark=complete_until(client),
    )


def _find(client: Client, node: NodeRef, text: str) -> Version:
    found = fetch(
        client,
        Version,
        f"FROM leadline.versions WHERE {_OF_NODE} AND startsWith(version, {{text:String}}) "
        f"ORDER BY version = {{text:String}} DESC, event_time DESC LIMIT {_LISTED}",
        **msgspec.structs.asdict(node),
        text=text,
    )
    if not found:
        raise LeadlineError(f"no version of {node} is or begins with {text!r}")
    if len(found) > 1 and found[0].version != text:
        listed = "\n".join(f"  {version.version}" for version in found)
        raise UsageError(f"several versions begin with {text!r}; give more of it:\n{listed}")
    return found[0]


class _Code(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    code_commit: str
    code_hash: str


class _Read(RunData, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str


def _made(client: Client, node: NodeRef, versions: Sequence[Version]) -> list[ModelVersion]:
    keys = [NodeRef(version.job_namespace, version.job_name, version.run_id) for version in versions]
    among = f"(job_namespace, job_name, run_id) IN {NODE_SET % 'runs'}"
    runs = node_set(keys)
    codes = {
        (row.job_namespace, row.job_name, row.run_id): row
        for row in fetch(client, _Code, f"FROM leadline.runs WHERE {among}", runs=runs)
    }
    read: dict[tuple[str, str, str], list[RunData]] = {}
    inputs = f"FROM leadline.run_io WHERE {among} AND direction = 'INPUT' ORDER BY kind, namespace, name, version"
    for row in fetch(client, _Read, inputs, runs=runs):
        data = RunData(row.direction, row.kind, row.namespace, row.name, row.version, row.schema_version)
        read.setdefault((row.job_namespace, row.job_name, row.run_id), []).append(data)
    measured = _last_values(client, node, [version.version for version in versions])
    found = []
    for version in versions:
        key = (version.job_namespace, version.job_name, version.run_id)
        code = codes.get(key)
        found.append(
            ModelVersion(
                version=version.version,
                event_time=version.event_time,
                job_namespace=version.job_namespace,
                job_name=version.job_name,
                run_id=version.run_id,
                code_commit=code.code_commit if code else "",
                code_hash=code.code_hash if code else "",
                inputs=read.get(key, []),
                metrics=[value for value in measured if value.version == version.version],
            )
        )
    return found


def _last_values(client: Client, node: NodeRef, versions: list[str]) -> list[LastValue]:
    last = "argMax(%s, (time, at, position))"
    return fetch(
        client,
        LastValue,
        "FROM (SELECT version, metric, dims, unit AS of, value AS one, time, event_time AS at, position "  # noqa: S608
        f"FROM leadline.readings WHERE {_OF_NODE} AND {_VERSIONS} AND mode != 'TEST') "
        "GROUP BY version, metric, dims ORDER BY metric, toString(dims)",
        {"unit": last % "of", "value": last % "one", "event_time": last % "at"},
        **msgspec.structs.asdict(node),
        versions=msgspec.json.encode(versions).decode(),
    )


class _Quantiles(msgspec.Struct, frozen=True):
    metric: str
    dims: dict[str, str]
    unit: str
    lower: float
    upper: float
    readings: int


def _usual(client: Client, node: NodeRef) -> list[UsualRange]:
    rows = fetch(
        client,
        _Quantiles,
        "FROM (SELECT metric, dims, unit AS of, value, event_time FROM leadline.readings "  # noqa: S608
        f"WHERE {_OF_NODE} AND mode != 'TEST' AND isFinite(value)) "
        "GROUP BY metric, dims ORDER BY metric, toString(dims)",
        {
            "unit": "argMax(of, event_time)",
            "lower": "quantileExactInclusive(0.05)(value)",
            "upper": "quantileExactInclusive(0.95)(value)",
            "readings": "count()",
        },
        **msgspec.structs.asdict(node),
    )
    bounds = [bound for bound in list_bounds(client, node=node) if bound.effective and bound.state == "ACTIVE"]
    return [UsualRange(**msgspec.structs.asdict(row), bounds=_judging(row, bounds)) for row in rows]


def _judging(row: _Quantiles, bounds: Iterable[Bound]) -> list[Bound]:
    return [bound for bound in bounds if bound.metric == row.metric and bound.dims.items() <= row.dims.items()]


class _Parameters(msgspec.Struct, frozen=True):
    version: str
    parameters: dict[str, str]


def _parameters(client: Client, node: NodeRef, first: str, second: str) -> list[Difference]:
    rows = fetch(
        client,
        _Parameters,
        f"FROM leadline.version_details WHERE {_OF_NODE} AND {_VERSIONS}",
        **msgspec.structs.asdict(node),
        versions=msgspec.json.encode([first, second]).decode(),
    )
    described = {row.version: row.parameters for row in rows}
    one, other = described.get(first, {}), described.get(second, {})
    return [
        Difference("model", name, one.get(name), other.get(name))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def _by_series(node: NodeRef, values: Iterable[LastValue]) -> dict[Series, LastValue]:
    return {series_of(node, one.metric, one.dims): one for one in values}
