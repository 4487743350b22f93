"""leadline lineage: what a node, a column or a version was made from, or what was made from it, as a tree."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Literal

import click

from leadline.core.clock import Micros
from leadline.core.settings import load_settings
from leadline.history.ask_lineage import ask_lineage
from leadline.history.connection import reading
from leadline.history.edges import Times
from leadline.history.fine_lineage import FineLineage
from leadline.history.lineage import DEPTH, Direction, Lineage
from leadline.history.node import NodeRef

from .fine_lineage import draw_fine
from .moment import Moment
from .node import NODE_HELP, find, node_argument
from .output import json_option, print_json, safe, when

Branches = dict[NodeRef, dict[NodeRef, list[NodeRef]]]
"""Node to the jobs next to it, each with the nodes beyond."""


@click.command("lineage")
@node_argument
@click.option("--up", "direction", flag_value="up", default="up", help="What it was made from (the default).")
@click.option("--down", "direction", flag_value="down", help="What was made from it, and whose that is.")
@click.option("--to", "other", metavar="NODE", help="Only what lies between the two, whichever comes first.")
@click.option("--column", metavar="NAME", help="Of this column, from column to column.")
@click.option("--version", metavar="VERSION", help="Of this version, from version to version through single runs.")
@click.option("--depth", default=DEPTH, show_default=True, type=click.IntRange(1, 100), help="Hops at most.")
@click.option("--as-of", type=Moment(), help="As it was then: 2026-11-21T08:00 (UTC), or how long ago: 7d.")
@click.option("--known-at", type=Moment(), help="As it was known then: what came later changes nothing of the answer.")
@click.option("--since", type=Moment(), help="Only what a run confirmed since then.")
@click.option("--temporary", is_flag=True, help="Draw data, too, that exists only between two steps of a tool.")
@json_option
def command(  # noqa: PLR0917 - click names them
    node: str,
    direction: Literal["up", "down"],
    other: str | None,
    column: str | None,
    version: str | None,
    depth: int,
    as_of: Micros | None,
    known_at: Micros | None,
    since: Micros | None,
    temporary: bool,
    as_json: bool,
) -> None:
    """Draw what NODE was made from (--up) or what was made from it (--down)."""
    data = column is not None or version is not None
    with reading(load_settings()) as client:
        found = ask_lineage(
            client,
            find(client, node, data=data),
            direction,
            other=None if other is None else find(client, other, data=data),
            column=column,
            version=version,
            depth=depth,
            times=Times(as_of, known_at, since),
        )
    if isinstance(found, Lineage):
        left_out = set[NodeRef]() if temporary else {at.node for at in found.nodes if at.temporary}
        notes = [f"temporary data left out: {len(left_out)}; --temporary draws it"] if left_out else []
        _show(found, draw(found, left_out), [*notes, *caveats(found)], as_json=as_json)
    else:
        _show(found, draw_fine(found), caveats(found), as_json=as_json)


command.help = f"{command.help}\n\n{NODE_HELP}"


def _show(found: Lineage | FineLineage, drawn: Iterator[str], notes: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        for line in (*drawn, *notes):
            click.echo(line)


def draw(found: Lineage, left_out: Collection[NodeRef] = ()) -> Iterator[str]:
    """Line by line, two columns a level; each node once with all its branches; where it comes again, an arrow points up.

    In the place of what is `left_out` stand the jobs behind it.

    With a stack of its own, since a chain may be deeper than Python's.
    """
    names = _one_name(found)
    branches = _branches(found, names)
    others: dict[NodeRef, list[str]] = defaultdict(list)
    for alias in found.aliases:
        other = alias.other if names[alias.other] != alias.other else alias.node
        others[names[other]].append(f"{other.name} ({alias.reason}, said by {alias.source or 'nobody'})")
    owners = {reached.node: reached.owner for reached in found.nodes}
    drawn: set[NodeRef] = set()
    waiting: list[tuple[str, str, NodeRef, list[NodeRef] | None]] = [("", "", found.node, None)]
    while waiting:
        indent, joint, ref, data = waiting.pop()
        below: list[tuple[NodeRef, list[NodeRef] | None]]
        if data is None:
            again = ref in drawn and ref in branches
            yield indent + joint + _label(ref, again=again, owner=owners.get(ref, ""))
            if ref not in drawn:
                yield from (f"{indent}{_INDENT[joint]}{_dim(f'= {safe(other)}')}" for other in others.get(ref, ()))
            below = [] if ref in drawn else _limbs(ref, branches)
            drawn.add(ref)
        else:
            yield indent + joint + _job_label(ref, found.direction, owners.get(ref, ""))
            below = []
            for far in data:
                if far not in left_out:
                    below.append((far, None))
                elif far not in drawn:
                    below += _limbs(far, branches)
                    drawn.add(far)
                else:  # its jobs are drawn above with all that is behind them
                    below += [(job, []) for job, _ in _limbs(far, branches)]
        indent += _INDENT[joint]
        for number, (next_ref, leaves) in enumerate(reversed(below)):
            waiting.append((indent, "├╴" if number else "└╴", next_ref, leaves))


_INDENT = {"": "", "├╴": "│ ", "└╴": "  "}


def _limbs(node: NodeRef, branches: Branches) -> list[tuple[NodeRef, list[NodeRef] | None]]:
    """The jobs next to the node, with the data beyond; of a job its own data."""
    limbs: list[tuple[NodeRef, list[NodeRef] | None]] = []
    for job, beyond in branches.get(node, {}).items():
        limbs += [(far, None) for far in beyond] if job == node else [(job, beyond)]
    return limbs


def _branches(found: Lineage, names: dict[NodeRef, NodeRef]) -> Branches:
    branches: Branches = defaultdict(lambda: defaultdict(list))
    up = found.direction == "up"
    for edge in found.edges:
        near, far = (edge.target, edge.source) if up else (edge.source, edge.target)
        branches[names.get(near, near)][edge.job].append(names.get(far, far))
    for use in found.uses:
        if use.job == found.node:
            branches[use.job][use.job].append(use.node)
        else:
            branches[names.get(use.node, use.node)][use.job]  # a job that only writes, or only reads: without leaves
    return branches


def _one_name(found: Lineage) -> dict[NodeRef, NodeRef]:
    """Of names that mean one node, each to the one that it is drawn under: the start's, else the first of the answer."""
    order = {node: place for place, node in enumerate([found.node, *(reached.node for reached in found.nodes)])}
    names: dict[NodeRef, NodeRef] = {}
    for alias in found.aliases:
        group = {names.get(node, node) for node in (alias.node, alias.other)}
        first = min(group, key=lambda node: order.get(node, len(order)))
        names |= dict.fromkeys(group, first) | {node: first for node, name in names.items() if name in group}
    return names


def _label(node: NodeRef, *, again: bool, owner: str = "") -> str:
    arrow = " ↑" if again else ""
    whose = f"  {safe(owner)}" if owner and not again else ""
    return f"{_dim(node.kind.lower())} {click.style(safe(node.name), bold=True)} {_dim(safe(node.namespace) + arrow)}{whose}"


def _job_label(job: NodeRef, direction: Direction, owner: str = "") -> str:
    word = "made by" if direction == "up" else "read by"
    whose = f"  {safe(owner)}" if owner else ""
    return f"{_dim(word)} {click.style(safe(job.name), fg='cyan')} {_dim(safe(job.namespace))}{whose}"


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def caveats(found: Lineage | FineLineage) -> list[str]:
    """How far the answer can be trusted, as lines for people."""
    lines = [f"as of {when(found.as_of)}"] if found.as_of is not None else []
    if found.known_at is not None:
        lines.append(f"as known at {when(found.known_at)}")
    if found.since is not None:
        lines.append(f"confirmed since {when(found.since)}")
    if found.watermark is not None:
        lines.append(f"complete up to {when(found.watermark)}")
    if found.truncated:
        remedy = "; --depth goes further" if found.truncated == "depth" else ""
        lines.append(f"there may be more: the walk was cut off by {found.truncated}{remedy}")
    if isinstance(found, Lineage) and found.unresolved:
        lines.append(f"{found.unresolved} without a known maker")
    return lines
