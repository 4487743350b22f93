"""Two runs in the same terms. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from leadline.core.clock import Micros, isoformat

from .node import NodeRef
from .run_record import Measured, RunRecord
from .runs import Run, RunData

SECTIONS = ("state", "time", "code", "package", "parameter", "seed", "engine", "place", "process", "tag", "input", "output")
"""In the order in which they are told; metrics come apart."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs; None: that run has none, or it is not known of it."""

    section: str
    name: str
    first: str | None
    second: str | None


class DataDifference(msgspec.Struct, frozen=True):
    """Data that differs, in versions or in schema; None: that run did not use it. Empty: not known."""

    section: str
    node: NodeRef
    first: list[str] | None
    second: list[str] | None
    first_schema: list[str] | None
    second_schema: list[str] | None


class MetricPair(msgspec.Struct, frozen=True):
    """The last value of one series in each run, in its unit; None: that run did not measure it."""

    node: NodeRef
    metric: str
    dims: dict[str, str]
    first: float | None
    first_unit: str
    second: float | None
    second_unit: str
    difference: float | None
    """Second less first, in the unit; None where only one is known, units differ, or either is not finite."""
    percent: float | None
    """The difference in percent of the size of the first; None also where the first is 0."""

    @property
    def same(self) -> bool:
        return self.first_unit == self.second_unit and _same_value(self.first, self.second)


class RunDiff(msgspec.Struct, frozen=True):
    first: Run
    second: Run
    differences: list[Difference]
    data: list[DataDifference]
    metrics: list[MetricPair]
    """Of both runs, the same ones too."""
    same: dict[str, list[str]]
    """Section to the names of what is known of both and equal."""


def diff_runs(first: RunRecord, second: RunRecord) -> RunDiff:
    differences: list[Difference] = []
    same: dict[str, list[str]] = {}
    ones, others = _facts(first), _facts(second)
    for section in ones:
        for found in _pairs(section, ones[section], others[section]):
            if found.first == found.second:
                same.setdefault(section, []).append(found.name)
            else:
                differences.append(found)
    data: list[DataDifference] = []
    for found_data in _data(first.io, second.io):
        if (found_data.first, found_data.first_schema) == (found_data.second, found_data.second_schema):
            same.setdefault(found_data.section, []).append(str(found_data.node))
        else:
            data.append(found_data)
    return RunDiff(first.run, second.run, differences, data, _metrics(first.measured, second.measured), same)


def _facts(record: RunRecord) -> dict[str, dict[str, str]]:
    """Section to names and values; what is empty is not known."""
    run, extent = record.run, record.extent
    return {
        "state": {
            "state": run.state,
            "attempt": str(run.attempt),
            "mode": run.mode,
            "exit code": "" if extent.exit_code is None else str(extent.exit_code),
            "error": ": ".join(filter(None, [run.error_type, run.error_message])),
        },
        "time": {
            "started": _moment(run.started_at),
            "ended": _moment(run.ended_at),
            "slot": _moment(run.nominal_at),
        },
        "code": {
            "repository": run.code_repository,
            "commit": run.code_commit,
            "branch": record.origin.code_branch,
            "path": run.code_path,
            "uncommitted changes": "" if run.code_dirty is None else "yes" if run.code_dirty else "no",
            "hash": run.code_hash,
        },
        "package": extent.packages,
        "parameter": record.parameters,
        "seed": record.seeds,
        "engine": {"engine": run.engine, "tool": run.tool, "container": run.container, "reported by": record.origin.producer},
        "place": {"host": run.host, "cluster": run.cluster, **extent.resource},
        "process": {
            "command": extent.command,
            "working directory": extent.working_directory,
            "actor": run.actor,
            "owner": run.owner,
        },
        "tag": extent.tags,
    }


def _moment(moment: Micros | None) -> str:
    return "" if moment is None else isoformat(moment)


def _pairs(section: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*first, *second]):
        pair = first.get(name) or None, second.get(name) or None
        if pair != (None, None):
            yield Difference(section, name, *pair)


def _data(first: Iterable[RunData], second: Iterable[RunData]) -> Iterator[DataDifference]:
    ones, others = _by_node(first), _by_node(second)
    for direction, node in sorted(ones.keys() | others.keys()):
        one, other = ones.get((direction, node)), others.get((direction, node))
        yield DataDifference(direction.lower(), node, _versions(one), _versions(other), _schemas(one), _schemas(other))


def _versions(parts: list[RunData] | None) -> list[str] | None:
    return None if parts is None else _known(part.version for part in parts)


def _schemas(parts: list[RunData] | None) -> list[str] | None:
    return None if parts is None else _known(part.schema_version for part in parts)


def _by_node(io: Iterable[RunData]) -> dict[tuple[str, NodeRef], list[RunData]]:
    found: dict[tuple[str, NodeRef], list[RunData]] = {}
    for part in io:
        found.setdefault((part.direction, NodeRef(part.kind, part.namespace, part.name)), []).append(part)
    return found


def _known(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts) - {""})


def _metrics(first: Iterable[Measured], second: Iterable[Measured]) -> list[MetricPair]:
    ones, others = _by_series(first), _by_series(second)
    return [_metric(series, ones.get(series), others.get(series)) for series in sorted(ones.keys() | others.keys())]


_Series = tuple[NodeRef, str, tuple[tuple[str, str], ...]]


def _by_series(measured: Iterable[Measured]) -> dict[_Series, Measured]:
    return {(one.node, one.metric, tuple(sorted(one.dims.items()))): one for one in measured}


def _metric(series: _Series, first: Measured | None, second: Measured | None) -> MetricPair:
    node, metric, dims = series
    difference = percent = None
    if first and second and first.unit == second.unit:
        difference, percent = compared(first.value, second.value)
    return MetricPair(
        node,
        metric,
        dict(dims),
        first.value if first else None,
        first.unit if first else "",
        second.value if second else None,
        second.unit if second else "",
        difference,
        percent,
    )


def compared(first: float, second: float) -> tuple[float | None, float | None]:
    """(second less first, that in percent of the size of the first); None for what is not finite, or relative to 0."""
    difference = second - first
    if not math.isfinite(difference):
        return None, None
    percent = 100 * difference / abs(first) if first else None
    return difference, percent if percent is not None and math.isfinite(percent) else None


def _same_value(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return first == second or (math.isnan(first) and math.isnan(second))
