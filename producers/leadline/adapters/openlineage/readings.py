"""Metrics that facets carry, and verdicts of checks as metrics with a bound."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from leadline.events.ids import digest
from leadline.events.records import BoundSpec, Reading

from .shape import Facet, as_text, facet, number, obj, objects, text

_OF_DATA = {"rowCount": ("row_count", ""), "bytes": ("bytes", "By"), "fileCount": ("file_count", "")}
_OF_USE = {"rowCount": ("row_count", ""), "size": ("bytes", "By"), "fileCount": ("file_count", "")}
_OF_COLUMN = {
    "nullCount": "null_count",
    "distinctCount": "distinct_count",
    "sum": "sum",
    "count": "count",
    "min": "min",
    "max": "max",
}
_FACETS = frozenset({"dataQualityMetrics", "dataQualityAssertions", "inputStatistics", "outputStatistics"})
_MAX_MESSAGE = 2_000


class Measured(NamedTuple):
    """A value, of a check with the bound that it must stay within."""

    reading: Reading
    bound: BoundSpec | None = None


def measured(data: Facet, node: tuple[str, str, str]) -> list[Measured]:
    """Of what the data holds, of how much of it was read or written (input., output.), and what checks found (check.).

    What is said twice, of the data and of its use, counts once.
    """
    own, used, made = data.get("facets"), data.get("inputFacets"), data.get("outputFacets")
    if all(not isinstance(facets, dict) or facets.keys().isdisjoint(_FACETS) for facets in (own, used, made)):
        return []
    readings = [
        *_quality(facet(own, "dataQualityMetrics")),
        *_quality(facet(used, "dataQualityMetrics")),
        *_numbers(facet(used, "inputStatistics"), _OF_USE, "input."),
        *_numbers(facet(made, "outputStatistics"), _OF_USE, "output."),
    ]
    found = {(one.metric, *sorted(one.dims.items())): Measured(one) for one in readings}
    checks = [check for facets in (own, used) for check in objects(facet(facets, "dataQualityAssertions"), "assertions")]
    return [*found.values(), *verdicts(checks, node)]


def verdicts_of_tests(run_facets: object, node: tuple[str, str, str]) -> list[Measured]:
    return verdicts(objects(facet(run_facets, "test"), "tests"), node)


def verdicts(checks: Iterable[Facet], node: tuple[str, str, str]) -> list[Measured]:
    """1 (passed) or 0 (failed) with the bound that it must be 1. Skipped ones are left out; of two the worse holds."""
    found: dict[str, Measured] = {}
    for check in checks:
        name, passed = text(check, "assertion") or text(check, "name"), _passed(check)
        if not name or passed is None:
            continue
        metric = f"check.{name}"
        dims = {key: value for key in ("column", "name") if (value := text(check, key)) and value != name}
        bound_id = f"openlineage/{name}/{digest(*node, metric, *sorted(dims.items()))}"
        if bound_id not in found or not passed:
            reading = Reading(metric=metric, value=float(passed), dims=dims)
            found[bound_id] = Measured(reading, _bound(bound_id, reading, check))
    return list(found.values())


def _passed(check: Facet) -> bool | None:
    success, status = check.get("success"), text(check, "status").lower()
    if isinstance(success, bool):
        return success
    if status in ("pass", "passed", "success", "ok"):
        return True
    return False if status in ("fail", "failed", "failure", "error", "warn", "warning") else None


def _bound(bound_id: str, reading: Reading, check: Facet) -> BoundSpec:
    lenient = {text(check, "severity").lower(), text(check, "status").lower()} & {"warn", "warning"}
    return BoundSpec(
        bound_id=bound_id,
        metric=reading.metric,
        dims=reading.dims,
        warn_lower=1.0 if lenient else None,
        error_lower=None if lenient else 1.0,
        message=_expected(check),
    )


def _expected(check: Facet) -> str:
    """Without the actual value: a bound that changes is judged anew, and each verdict would change it."""
    expected = as_text(check.get("expected"))
    return "; ".join(filter(None, (text(check, "description"), f"expected {expected}" if expected else "")))[:_MAX_MESSAGE]


def _numbers(said: Facet, names: Mapping[str, tuple[str, str]], prefix: str) -> Iterator[Reading]:
    for key, (metric, unit) in names.items():
        value = number(said, key)
        if value is not None:
            yield Reading(metric=prefix + metric, value=value, unit=unit)


def _quality(said: Facet) -> Iterator[Reading]:
    yield from _numbers(said, _OF_DATA, "")
    of_columns = obj(said, "columnMetrics")
    for column in sorted(of_columns):
        of_column = obj(of_columns, column)
        for key, metric in _OF_COLUMN.items():
            value = number(of_column, key)
            if value is not None:
                yield Reading(metric=metric, value=value, dims={"column": column})
        quantiles = obj(of_column, "quantiles")
        for quantile in sorted(quantiles):
            value = number(quantiles, quantile)
            if value is not None:
                yield Reading(metric="quantile", value=value, dims={"column": column, "quantile": quantile})
