"""leadline models: all models, the versions of one, or two versions side by side."""

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.model_versions import Model, ModelComparison, compare_versions, show_model
from leadline.history.models import Decision, LastValue, ModelSummary, find_model, list_models
from leadline.history.runs import RunData

from .alerts import metric_label
from .bound import span
from .chart import sparkline
from .output import Column, ago, json_option, number, or_nothing, print_json, print_pairs, print_table, safe, when
from .run_difference import print_facts, print_metric_pairs
from .section import print_section

_SHOWN_METRICS = 4
"""In the list of all models; `--json` has more."""


@click.command("models")
@click.argument("name", required=False)
@click.option(
    "--compare", nargs=2, metavar="VERSION VERSION", help="Two versions of NAME side by side; their beginnings will do."
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Of the list: at most so many.")
@json_option
def command(*, name: str | None, compare: tuple[str, str] | None, limit: int, as_json: bool) -> None:
    """List the models, show the versions of one, or compare two of them.

    \b
    leadline models                      owner, newest version, last promoted and deployed, last values of metrics
    leadline models NAME                 each version with the run that made it, from which code and data, and its metrics;
                                         what each metric usually is (5 % to 95 % of its readings), with its bound; decisions
    leadline models NAME --compare 6 7   parameters, inputs, code and metrics that differ

    NAME is a model's name, NAMESPACE/NAME, or a part of either that fits one model only.
    """
    if compare and name is None:
        raise UsageError("--compare needs the model's NAME before it")
    if name is None:
        _list(limit, as_json=as_json)
    elif compare:
        _compare(name, *compare, as_json=as_json)
    else:
        _show(name, as_json=as_json)


def _list(limit: int, *, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = list_models(client, limit=limit)
    if as_json:
        print_json(found)
    elif found:
        _print_list(found, system_clock())
    or_nothing(found, "no model so far; a run that writes one names it: run.output(track.model('mlflow://prod', 'churn', '7'))")


def _show(name: str, *, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = show_model(client, find_model(client, name))
    print_json(found) if as_json else _print_model(found, system_clock())


def _compare(name: str, first: str, second: str, *, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = compare_versions(client, find_model(client, name).ref, first, second)
    print_json(found) if as_json else _print_comparison(found)


def _print_list(models: list[ModelSummary], now: Micros) -> None:
    columns = [
        Column("model"),
        Column("namespace"),
        Column("newest"),
        Column("versions", keep=True, right=True),
        Column("owner"),
        Column("promoted"),
        Column("deployed"),
        Column("metrics"),
    ]
    print_table(
        columns,
        [
            (
                model.node.name,
                model.node.namespace,
                model.newest_version or "-",
                model.versions,
                model.owner or "unowned",
                _decided(model.promoted, now),
                _decided(model.deployed, now),
                _values(model.metrics, _SHOWN_METRICS),
            )
            for model in models
        ],
    )


def _decided(decision: Decision | None, now: Micros) -> str:
    return "-" if decision is None else " ".join(filter(None, [decision.version, ago(decision.event_time, now)]))


def _values(metrics: list[LastValue], most: int) -> str:
    shown = [f"{metric_label(one.metric, one.dims)} {_value(one.value, one.unit)}" for one in metrics[:most]]
    return ", ".join(shown + [f"and {len(metrics) - most} more"] * (len(metrics) > most)) or "-"


def _value(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()


def _print_model(found: Model, now: Micros) -> None:
    node = found.node
    print_pairs(
        [
            ("model", node.name),
            ("namespace", node.namespace),
            ("owner", node.owner or "unowned"),
            ("on call", node.on_call),
            ("description", node.description),
            ("lifecycle", node.lifecycle),
        ]
    )
    if found.versions:
        print_section(
            "versions",
            ["version", Column("made", keep=True), "by", "run", "commit", "from", "metrics"],
            [
                (
                    one.version,
                    ago(one.event_time, now),
                    one.job_name or "-",
                    one.run_id or "-",
                    one.code_commit or "-",
                    ", ".join(map(_data, one.inputs)) or "-",
                    _values(one.metrics, len(one.metrics)),
                )
                for one in found.versions
            ],
        )
    _print_usual(found)
    if found.decisions:
        print_section(
            "decisions",
            [Column("when", keep=True), "version", "decision", "by", "reason"],
            [(when(one.event_time), one.version or "-", one.action, one.actor, one.reason) for one in found.decisions],
        )
    for line in _caveats(found.watermark, found.truncated):
        click.echo(line)


def _data(data: RunData) -> str:
    return f"{data.name} {data.version}".rstrip()


def _print_usual(found: Model) -> None:
    columns = [
        Column("metric"),
        Column("usually", keep=True),
        Column("unit"),
        Column("readings", keep=True, right=True),
        Column("warn"),
        Column("error"),
        Column("by version", keep=True),
    ]
    rows = [
        (
            metric_label(one.metric, one.dims),
            f"{number(one.lower)} to {number(one.upper)}",
            one.unit,
            one.readings,
            ", ".join(span(bound.warn_lower, bound.warn_upper) for bound in one.bounds) or "no bound",
            ", ".join(span(bound.error_lower, bound.error_upper) for bound in one.bounds) or "no bound",
            sparkline(values_by_version(found, one.metric, one.dims)),
        )
        for one in found.usual
    ]
    if rows:
        print_section("what to expect", columns, rows)


def values_by_version(found: Model, metric: str, dims: dict[str, str]) -> list[float]:
    """The last value of each version that has one, the oldest version first."""
    versions = reversed(found.versions)
    return [one.value for version in versions for one in version.metrics if one.metric == metric and one.dims == dims]


def _print_comparison(found: ModelComparison) -> None:
    first, second = found.first.version, found.second.version
    click.echo(safe(f"model {found.node.name} in {found.node.namespace}"))
    columns: list[Column | str] = ["", Column(first), Column(second)]
    pair = (found.first, found.second)
    rows: list[tuple[str, ...]] = [
        ("made", *(when(one.event_time) for one in pair)),
        ("by", *(one.job_name or "-" for one in pair)),
        ("run", *(one.run_id or "-" for one in pair)),
        *((f"parameter {one.name}", one.first or "-", one.second or "-") for one in found.parameters),
    ]
    print_section("versions", columns, rows)
    if found.runs is None:
        click.echo("\nthe run that made one of them is not known: code, parameters and inputs cannot be compared")
    else:
        print_facts(found.runs, first, second)
    if found.metrics:
        print_metric_pairs(found.metrics, first, second)
    for line in _caveats(found.watermark, ""):
        click.echo(line)


def _caveats(watermark: Micros | None, truncated: str) -> list[str]:
    lines = [] if watermark is None else [f"\ncomplete up to {when(watermark)}"]
    if truncated:
        lines.append(f"there are more {truncated} than these")
    return lines
