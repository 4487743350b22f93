"""leadline lineage: what a node was made from, or what was made from it, as a tree."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

import click

from leadline.core.clock import Micros
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.lineage import DEPTH, Direction, Lineage, walk
from leadline.history.node import NodeRef

from .moment import Moment
from .node import NODE_HELP, find, node_argument
from .output import json_option, print_json, safe, when

Branches = dict[NodeRef, dict[NodeRef, list[NodeRef]]]
"""Node to the jobs next to it, each with the nodes beyond."""


@click.command("lineage", help=f"Draw what NODE was made from (--up) or what was made from it (--down).\n\n{NODE_HELP}")
@node_argument
@click.option("--up", "direction", flag_value="up", default="up", help="What it was made from (the default).")
@click.option("--down", "direction", flag_value="down", help="What was made from it.")
@click.option("--depth", default=DEPTH, show_default=True, type=click.IntRange(1, 100), help="Hops at most.")
@click.option("--as-of", type=Moment(), help="As it was then: 2026-11-21T08:00 (UTC), or 7d ago.")
@json_option
def command(node: str, direction: Literal["up", "down"], depth: int, as_of: Micros | None, as_json: bool) -> None:
    with reading(load_settings()) as client:
        found = walk(client, find(client, node), direction, depth=depth, as_of=as_of)
    if as_json:
        print_json(found)
    else:
        for line in (*draw(found), *caveats(found)):
            click.echo(line)


def draw(found: Lineage) -> Iterator[str]:
    """Line by line, two columns a level; each node once with all its branches; where it comes again, an arrow points up.

    With a stack of its own, since a chain may be deeper than Python's.
    """
    branches = _branches(found)
    drawn: set[NodeRef] = set()
    waiting: list[tuple[str, str, NodeRef, list[NodeRef] | None]] = [("", "", found.node, None)]
    while waiting:
        indent, joint, ref, data = waiting.pop()
        below: list[tuple[NodeRef, list[NodeRef] | None]]
        if data is None:
            yield indent + joint + _label(ref, again=ref in drawn and ref in branches)
            below = [] if ref in drawn else _limbs(ref, branches)
            drawn.add(ref)
        else:
            yield indent + joint + _job_label(ref, found.direction)
            below = [(far, None) for far in data]
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


def _branches(found: Lineage) -> Branches:
    branches: Branches = defaultdict(lambda: defaultdict(list))
    up = found.direction == "up"
    for edge in found.edges:
        near, far = (edge.target, edge.source) if up else (edge.source, edge.target)
        branches[near][edge.job].append(far)
    for use in found.uses:
        if use.job == found.node:
            branches[use.job][use.job].append(use.node)
        else:
            branches[use.node][use.job]  # a job that only writes, or only reads: a branch without leaves
    return branches


def _label(node: NodeRef, *, again: bool) -> str:
    arrow = " ↑" if again else ""
    return f"{_dim(node.kind.lower())} {click.style(safe(node.name), bold=True)} {_dim(safe(node.namespace) + arrow)}"


def _job_label(job: NodeRef, direction: Direction) -> str:
    word = "made by" if direction == "up" else "read by"
    return f"{_dim(word)} {click.style(safe(job.name), fg='cyan')} {_dim(safe(job.namespace))}"


def _dim(text: str) -> str:
    return click.style(text, dim=True)


def caveats(found: Lineage) -> list[str]:
    """How far the answer can be trusted, as lines for people."""
    lines = [f"as of {when(found.as_of)}"] if found.as_of is not None else []
    if found.watermark is not None:
        lines.append(f"complete up to {when(found.watermark)}")
    if found.truncated:
        remedy = "; --depth goes further" if found.truncated == "depth" else ""
        lines.append(f"there may be more: the walk was cut off by {found.truncated}{remedy}")
    if found.unresolved:
        lines.append(f"{found.unresolved} without a known maker")
    return lines
