"""leadline report: what a team, or an auditor, wants to read."""

import click

from .report_completeness import command as completeness
from .report_lineage import command as lineage


@click.group("report")
def command() -> None:
    """Say which metadata is missing and whose it is, and write down what a model was made from."""


command.add_command(completeness)
command.add_command(lineage)
