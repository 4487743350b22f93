"""Metrics that facets carry, and verdicts of checks as metrics with a bound."""

from collections.abc import Iterator, Mapping
from typing import Any

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


def metrics(data: Facet) -> list[Reading]:
    """Of what the data holds, and of how much of it was read or written (input., output.)."""
    quality = facet(data.get("inputFacets"), "dataQualityMetrics") or facet(data.get("facets"), "dataQualityMetrics")
    return [
        *_numbers(quality, _OF_DATA, ""),
        *_columns(obj(quality, "columnMetrics")),
        *_numbers(facet(data.get("inputFacets"), "inputStatistics"), _OF_USE, "input."),
        *_numbers(facet(data.get("outputFacets"), "outputStatistics"), _OF_USE, "output."),
    ]


def assertions(data: Facet) -> Iterator[Facet]:
    for facets in (data.get("inputFacets"), data.get("facets")):
        yield from objects(facet(facets, "dataQualityAssertions"), "assertions")


def tests(facets: object) -> Iterator[Facet]:
    return objects(facet(facets, "test"), "tests")


def check_readings(checks: Iterator[Facet], node: tuple[str, str, str]) -> tuple[list[Reading], list[BoundSpec]]:
    """Each verdict as 1 (passed) or 0 (failed) with the bound that it must be 1; what was skipped is left out."""
    readings, bounds = list[Reading](), dict[str, BoundSpec]()
    for check in checks:
        name = text(check, "assertion") or text(check, "name")
        passed = _passed(check)
        if not name or passed is None:
            continue
        metric = f"check.{name}"
        dims = {key: value for key in ("column", "name") if (value := text(check, key)) and value != name}
        readings.append(Reading(metric=metric, value=float(passed), dims=dims))
        bound_id = f"openlineage/{name}/{digest(*node, metric, *sorted(dims.items()))}"
        bounds[bound_id] = _bound(bound_id, metric, dims, check)
    return readings, list(bounds.values())


def _passed(check: Facet) -> bool | None:
    success, status = check.get("success"), text(check, "status").lower()
    if isinstance(success, bool):
        return success
    if status in ("pass", "passed", "success", "ok"):
        return True
    return False if status in ("fail", "failed", "failure", "error") else None


def _bound(bound_id: str, metric: str, dims: dict[str, str], check: Facet) -> BoundSpec:
    limit = "warn_lower" if text(check, "severity").lower() in ("warn", "warning") else "error_lower"
    return BoundSpec(bound_id=bound_id, metric=metric, dims=dims, message=_expected(check), **{limit: 1.0})  # type: ignore[arg-type]


def _expected(check: Facet) -> str:
    """Without the actual value, which would make every verdict another bound."""
    expected = as_text(check.get("expected"))
    return "; ".join(filter(None, (text(check, "description"), f"expected {expected}" if expected else "")))[:2_000]


def _numbers(said: Facet, names: Mapping[str, tuple[str, str]], prefix: str) -> Iterator[Reading]:
    for key, (metric, unit) in names.items():
        value = number(said, key)
        if value is not None:
            yield Reading(metric=prefix + metric, value=value, unit=unit)


def _columns(said: Facet) -> Iterator[Reading]:
    for column in said:
        of_column = obj(said, column)
        for key, metric in _OF_COLUMN.items():
            value = number(of_column, key)
            if value is not None:
                yield Reading(metric=metric, value=value, dims={"column": column})
        quantiles: Any = obj(of_column, "quantiles")
        for quantile in quantiles:
            value = number(quantiles, quantile)
            if value is not None:
                yield Reading(metric="quantile", value=value, dims={"column": column, "quantile": quantile})
