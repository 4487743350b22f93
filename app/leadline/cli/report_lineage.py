"""leadline report lineage: what a version was made from, and what was made with it, as one document."""

import inspect
from pathlib import Path

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.lineage_report.gather import gather
from leadline.history.lineage_report.html_page import to_html
from leadline.history.lineage_report.markdown import to_markdown

from .moment import Moment
from .node import NODE_HELP, find


@click.command("lineage")
@click.argument("model", metavar="NODE")
@click.option("--version", help="Which; left out: the one that was current.")
@click.option("--as-of", type=Moment(), help="As it was then: 2026-11-21T08:00 (UTC), or how long ago: 7d.")
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), default="html", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; left out: standard output.")
def command(model: str, version: str | None, as_of: Micros | None, form: str, output: Path | None) -> None:
    """Write one document about a version of a model for whoever audits it.

    From the data over the features to the model and to what was predicted with it: versions, runs, code, owners, metrics with
    the bounds that held, open alerts and decisions, all as of one time. What is not known is said. The HTML is one
    file that needs no other.
    """
    with reading(load_settings()) as client:
        facts = gather(client, find(client, model), version, system_clock() if as_of is None else as_of)
    text = to_html(facts) if form == "html" else to_markdown(facts)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error


command.help = f"{inspect.cleandoc(command.help or '')}\n\n{NODE_HELP}"
