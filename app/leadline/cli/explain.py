"""leadline explain: why an alert was raised, or why a run failed."""

import click

from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.explain import explain_id
from leadline.history.explanation.text import render

from .output import json_option, print_json, safe


@click.command("explain")
@click.argument("what", metavar="ALERT|RUN")
@click.option("--job", "job_name", default="", help="Which job's run, where several share the id.")
@json_option
def command(what: str, job_name: str, as_json: bool) -> None:
    """Say what most likely caused an alert, or why a run failed.

    ALERT is the beginning of an alert's or episode's id as `leadline alerts` shows it, RUN that of a run's id. Everything that
    changed upstream is ranked by how well it fits the place where the metric and those beside it shifted; where nothing fits,
    no change is blamed. The text can be pasted into a ticket.
    """
    with reading(load_settings()) as client:
        found = explain_id(client, what, job_name)
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(map(safe, render(found).splitlines())))
