"""leadline trend: a metric over time, with its bounds as they were."""

import shutil
import sys
from itertools import groupby

import click

from leadline.core.clock import Micros
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.bounds import BoundVersion, bounds_of_series
from leadline.history.connection import reading
from leadline.history.readings import Point, series

from .alerts import metric_label
from .chart import Line, chart, sparkline
from .moment import Moment
from .node import NODE_HELP, find, node_argument
from .output import json_option, number, or_nothing, print_json, safe, when
from .runs import slot

_CHART_HEIGHT = 16


@click.command("trend", help=f"Draw METRIC of NODE over time: over its slots, else over when it was measured.\n\n{NODE_HELP}")
@node_argument
@click.argument("metric")
@click.option("--dim", "dims", multiple=True, metavar="KEY=VALUE", help="The series with these dimensions, all of them.")
@click.option("--since", type=Moment(), help="Only from then on: 2013-07-01 (UTC), 90d ago.")
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(1, 100_000), help="Only the newest so many.")
@json_option
def command(node: str, metric: str, *, dims: tuple[str, ...], since: Micros | None, limit: int, as_json: bool) -> None:
    chosen = _dims(dims)
    with reading(load_settings()) as client:
        ref = find(client, node)
        points = series(client, ref, metric, dims=chosen, since=since, limit=limit)
        bounds = bounds_of_series(client, ref, metric, chosen)
    if as_json:
        print_json({"node": ref, "metric": metric, "dims": chosen, "bounds": bounds, "points": points})
    elif points:
        click.echo(safe(f"{metric_label(metric, chosen)} of {ref.name}"))
        click.echo(_drawn(points, bounds), nl=False)
        click.echo(legend(points, bounds))
    or_nothing(points, f"no reading of {metric!r} with these dimensions; `leadline show` lists the metrics of a node")


def _dims(given: tuple[str, ...]) -> dict[str, str]:
    """Raises UsageError for what is not KEY=VALUE."""
    parts = [text.partition("=") for text in given]
    for key, sign, _ in parts:
        if not sign or not key:
            raise UsageError(f"--dim {key!r} is not KEY=VALUE")
    return {key: value for key, _, value in parts}


def _drawn(points: list[Point], bounds: list[BoundVersion]) -> str:
    values = [point.value for point in points]
    if not sys.stdout.isatty():
        return sparkline(values) + "\n"
    return chart(
        [point.time for point in points],
        values,
        lines(points, bounds),
        x_label="slot" if points[0].slot is not None else "time",
        width=shutil.get_terminal_size().columns,
        height=_CHART_HEIGHT,
        color=True,
    )


def lines(points: list[Point], bounds: list[BoundVersion]) -> list[Line]:
    """Each limit over the points that were measured while it held, and on to the next one, where another may begin."""
    drawn = []
    for bound in bounds:
        for held, judged in groupby(enumerate(points), lambda pair, bound=bound: bound.holds_at(pair[1].event_time)):  # type: ignore[misc]
            places = [place for place, _ in judged]
            if held:
                times = [point.time for point in points[places[0] : places[-1] + 2]]
                drawn += [Line(severity, times, [limit] * len(times)) for severity, limit in limits(bound)]
    return drawn


def limits(bound: BoundVersion) -> list[tuple[str, float]]:
    """(severity, limit) of each limit that is set."""
    pairs = (
        ("warn", bound.warn_lower),
        ("warn", bound.warn_upper),
        ("error", bound.error_lower),
        ("error", bound.error_upper),
    )
    return [(severity, limit) for severity, limit in pairs if limit is not None]


def legend(points: list[Point], bounds: list[BoundVersion]) -> str:
    """How many readings, from when to when, the last value, and every limit that held while they were measured, or does now."""
    measured = min(point.event_time for point in points)
    named = [
        f"{severity} {number(limit)}{_span(bound, measured)}"
        for bound in bounds
        if bound.valid_to is None or bound.valid_to > measured
        for severity, limit in limits(bound)
    ]
    bound = f", bounds: {', '.join(named)}" if named else ", no bound"
    span = f"{slot(points[0].time)} to {slot(points[-1].time)}"
    return f"{len(points)} readings from {span}, last {number(points[-1].value)}{bound}"


def _span(bound: BoundVersion, measured: Micros) -> str:
    """When it held, as far as that is not all the time from `measured` to now."""
    since = f" from {when(bound.valid_from)}" if bound.valid_from > measured else ""
    return since + (f" until {when(bound.valid_to)}" if bound.valid_to is not None else "")
