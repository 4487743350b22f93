"""leadline diff: two runs in the same terms, or what changed upstream of a node between two times."""

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.lineage import DEPTH
from leadline.history.run_diff import diff_runs
from leadline.history.run_record import record_of
from leadline.history.runs import find_run
from leadline.history.upstream_diff import diff_upstream

from .moment import Moment
from .node import NODE_HELP, find
from .output import json_option, print_json
from .run_difference import print_run_diff
from .upstream_difference import print_upstream_diff


@click.command("diff")
@click.argument("what", metavar="RUN|NODE")
@click.argument("other", metavar="[RUN]", required=False)
@click.option("--job", "job_name", default="", help="Which job's runs, where several share an id.")
@click.option(
    "--from", "since", type=Moment(), help="Of a node: the earlier time, 2026-11-21T08:00 (UTC), or how long ago: 7d."
)
@click.option("--to", "until", type=Moment(), help="Of a node: the later time; left out: now.")
@click.option(
    "--depth", default=DEPTH, show_default=True, type=click.IntRange(1, 100), help="Of a node: hops upstream at most."
)
@json_option
def command(
    *, what: str, other: str | None, job_name: str, since: Micros | None, until: Micros | None, depth: int, as_json: bool
) -> None:
    """Compare two runs, or a node's upstream at two times.

    \b
    leadline diff RUN RUN           code, packages, parameters, seeds, engine, place, command, data, metrics
    leadline diff NODE --from 7d    edges that came and went, versions, changes of the jobs, new owners

    RUN is the beginning of a run's id as `leadline runs` shows it. What is the same in both runs is only counted. A dash stands
    for what a run has not, or what is not known of it.
    """
    if (other is None) == (since is None):
        raise UsageError("give two runs, or one node and --from")
    if other is not None and until is not None:
        raise UsageError("--to goes with a node and --from, not with two runs")
    if since is not None and job_name:
        raise UsageError("--job goes with two runs, not with a node")
    if other is not None:
        _runs(what, other, job_name, as_json=as_json)
    elif since is not None:
        _upstream(what, since, system_clock() if until is None else until, depth, as_json=as_json)


command.help = f"{command.help}\n\n{NODE_HELP}"


def _runs(first: str, second: str, job_name: str, *, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = diff_runs(*(record_of(client, find_run(client, text, job_name)) for text in (first, second)))
    print_json(found) if as_json else print_run_diff(found)


def _upstream(node: str, since: Micros, until: Micros, depth: int, *, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = diff_upstream(client, find(client, node), since, until, depth=depth)
    print_json(found) if as_json else print_upstream_diff(found)
