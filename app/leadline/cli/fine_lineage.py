"""The drawing of `leadline lineage --column` and `--version`: points as a tree, each with the job that made it."""

from collections import defaultdict
from collections.abc import Iterator

import click

from leadline.history.fine_lineage import FineEdge, FineLineage, How, Point

from .output import safe


def draw_fine(found: FineLineage) -> Iterator[str]:
    """Line by line; each point once with its branches; where it comes again, an arrow points up."""
    branches: dict[Point, list[FineEdge]] = defaultdict(list)
    points = [found.start, *(point for point, _ in found.distances)]
    for one in found.edges:
        near = one.target if found.direction == "up" else one.source
        whole = found.granularity == "COLUMN" and not near.part  # to or from all columns: a branch of each that is drawn
        for point in points:
            if point == near or (whole and point.node == near.node):
                branches[point].append(one)
    drawn: set[Point] = set()
    waiting: list[tuple[str, str, Point, FineEdge | None]] = [("", "", found.start, None)]
    while waiting:
        indent, joint, point, edge = waiting.pop()
        again = point in drawn and bool(branches.get(point))
        yield f"{indent}{joint}{_label(point, again=again)}{_how(edge)}"
        below = [] if point in drawn else branches.get(point, [])
        drawn.add(point)
        indent += {"": "", "├╴": "│ ", "└╴": "  "}[joint]
        for number, next_edge in enumerate(reversed(below)):
            far = next_edge.source if found.direction == "up" else next_edge.target
            waiting.append((indent, "├╴" if number else "└╴", far, next_edge))


def _label(point: Point, *, again: bool) -> str:
    name = click.style(f"{safe(point.node.name)} {safe(point.part) or '(all)'}", bold=True)
    return f"{name} {click.style(safe(point.node.namespace) + (' ↑' if again else ''), dim=True)}"


def _how(edge: FineEdge | None) -> str:
    if edge is None:
        return ""
    ways = ", ".join(map(_way, edge.transformations))
    run = f" run {safe(edge.run_id)}" if edge.run_id else ""
    return click.style(f"  by {safe(edge.job.name)}{run}{f': {safe(ways)}' if ways else ''}", dim=True)


def _way(how: How) -> str:
    return f"{how.type}/{how.subtype}".rstrip("/") + (" masked" if how.masking else "")
