"""leadline nodes: find jobs, datasets, models and whatever else has a history."""

import click

from leadline.core.clock import system_clock
from leadline.core.settings import load_settings
from leadline.events.records.event import NODE_KINDS
from leadline.history.connection import reading
from leadline.history.nodes import search

from .output import Column, ago, json_option, or_nothing, print_json, print_table


@click.command("nodes")
@click.argument("words", nargs=-1)
@click.option("--kind", type=click.Choice(NODE_KINDS, case_sensitive=False), help="Only nodes of this kind.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@json_option
def command(words: tuple[str, ...], kind: str | None, limit: int, as_json: bool) -> None:
    """List the nodes that have all WORDS in their name or namespace; without words all, the newest first."""
    with reading(load_settings()) as client:
        found = search(client, words, kind or "", limit)
    if as_json:
        print_json(found)
    elif found:
        now = system_clock()
        print_table(
            [Column("kind", keep=True), "name", "namespace", "owner", Column("seen", keep=True)],
            [(node.kind, node.name, node.namespace, node.owner or "unowned", ago(node.last_seen, now)) for node in found],
        )
    or_nothing(found, "no node fits; `leadline nodes` without words lists all")
