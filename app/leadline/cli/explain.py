"""leadline explain: why an alert was raised, why a run failed, or why a version is as it is."""

import click

from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.explain import explain_named
from leadline.history.explanation.text import render

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
        found = explain_named(client, what, job_name, version)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(map(safe, render(found).splitlines())))
