"""Two runs side by side, for people."""

from collections.abc import Iterator, Sequence

import click

from leadline.history.run_diff import DataDifference, Difference, MetricPair, RunDiff
from leadline.history.runs import Run

from .alerts import metric_label
from .output import Column, number, print_table, safe

_PLURAL = {"code": "facts of the code", "process": "facts of the process", "place": "facts of the place", "state": "states"}


def print_run_diff(found: RunDiff) -> None:
    first, second = _names(found.first, found.second)
    click.echo(safe(f"{first}: {found.first.job_name} in {found.first.job_namespace}"))
    click.echo(safe(f"{second}: {found.second.job_name} in {found.second.job_namespace}"))
    sides = [Column(first), Column(second)]
    if found.differences:
        print_table(["", "", *sides], list(_rows(found.differences)), title="\nwhat differs")
    if found.data:
        print_table(["", "", *sides], [_data_row(one) for one in found.data], title="\ndata")
    if found.metrics:
        print_metric_pairs(found.metrics, first, second)
    same = ", ".join(f"{len(names)} {_counted(section, len(names))}" for section, names in found.same.items())
    click.echo(f"\nthe same: {same or 'nothing that is known of both'}")


def _names(first: Run, second: Run) -> tuple[str, str]:
    """Ids; where one is in both, it is of two jobs."""
    if first.run_id != second.run_id:
        return first.run_id, second.run_id
    return f"{first.run_id} of {first.job_name}", f"{second.run_id} of {second.job_name}"


def _rows(differences: Sequence[Difference]) -> Iterator[tuple[str, str, str, str]]:
    """The section's name stands at its first row."""
    told = ""
    for one in differences:
        yield ("" if one.section == told else one.section), one.name, one.first or "-", one.second or "-"
        told = one.section


def _data_row(one: DataDifference) -> tuple[str, str, str, str]:
    return (
        one.section,
        f"{one.node.name}  {one.node.namespace}",
        _side(one.first, one.first_schema),
        _side(one.second, one.second_schema),
    )


def _side(versions: list[str] | None, schemas: list[str] | None) -> str:
    if versions is None:
        return "-"
    return " ".join([", ".join(versions) or "version not known", *(f"(schema {schema})" for schema in schemas or ())])


def _counted(section: str, count: int) -> str:
    return section if count == 1 else _PLURAL.get(section, f"{section}s")


def print_metric_pairs(pairs: Sequence[MetricPair], first: str, second: str) -> None:
    columns = [
        Column("metric"),
        Column("of"),
        *(Column(name, right=True) for name in (first, second)),
        Column("difference", keep=True, right=True),
        Column("percent", keep=True, right=True),
    ]
    print_table(columns, [_metric_row(pair) for pair in pairs], title="\nmetrics")


def _metric_row(pair: MetricPair) -> tuple[str, ...]:
    return (
        metric_label(pair.metric, pair.dims),
        pair.node.name,
        _value(pair.first, pair.first_unit),
        _value(pair.second, pair.second_unit),
        "same" if pair.same else "-" if pair.difference is None else signed(pair.difference),
        "" if pair.same or pair.percent is None else f"{pair.percent:+.3g} %",
    )


def _value(value: float | None, unit: str) -> str:
    return number(value) if value is None or not unit else f"{number(value)} {unit}"


def signed(value: float) -> str:
    return number(value) if value < 0 else f"+{number(value)}"
