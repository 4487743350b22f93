"""leadline explain: why an alert was raised, why a run failed, or why a version is as it is."""

import click
from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.explain_facts import explain_alert, explain_run
from leadline.history.explain_version import explain_version
from leadline.history.explanation.answer import Explanation
from leadline.history.explanation.text import render
from leadline.history.runs import find_run

from .node import find
from .output import json_option, print_json, safe


@click.command("explain")
@click.argument("what", metavar="ALERT|RUN|NODE")
@click.option("--job", "job_name", default="", help="Which job's run, where several share the id.")
@click.option("--version", help="Which version of NODE; left out: the newest.")
@json_option
def command(what: str, job_name: str, version: str | None, as_json: bool) -> None:
    """Say what most likely caused an alert, why a run failed, or what made a version what it is.

    ALERT is the beginning of an alert's or episode's id as `leadline alerts` shows it, RUN that of a run's id, NODE a model or
    dataset, written as for `leadline show`. Everything that changed upstream is ranked by how well it fits the place where the
    metric and those beside it shifted; where nothing fits, no change is blamed. Of a version all is listed that happened since
    the last good one. The text can be pasted into a ticket.
    """
    if job_name and version is not None:
        raise click.UsageError("--job and --version exclude each other: one is about a run, the other about a node")
    with reading(load_settings()) as client:
        found = explanation(client, what, job_name, version)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(map(safe, render(found).splitlines())))


def explanation(client: Client, what: str, job_name: str = "", version: str | None = None) -> Explanation:
    """Of the alert, else of the run with that id, else of the node's version.

    Raises UsageError where several fit, LeadlineError where none does.
    """
    if version is not None:
        return explain_version(client, find(client, what), version)
    if job_name:
        return explain_run(client, find_run(client, what, job_name))
    try:
        return explain_alert(client, what)
    except LeadlineError as no_alert:
        return _of_run_or_node(client, what, no_alert)


def _of_run_or_node(client: Client, what: str, no_alert: LeadlineError) -> Explanation:
    try:
        run = find_run(client, what)
    except LeadlineError:
        try:
            node = find(client, what)
        except UsageError:  # several fit
            raise
        except LeadlineError:
            raise no_alert from None
        return explain_version(client, node)
    return explain_run(client, run)
