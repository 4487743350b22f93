"""Where the boxes of the drawing stand: sources left, what was made right, runs between. Pure."""

from collections import defaultdict
from statistics import fmean

import msgspec

from .facts import LineageFacts, Piece, RunKey

MAX_BOXES = 60
Key = Piece | RunKey | tuple[str, ...]


class Box(msgspec.Struct, frozen=True):
    """`kind`: piece, data or run; `column` grows to the right, `row` down, both from 0."""

    kind: str
    column: int
    row: int
    first: str
    second: str


class Layout(msgspec.Struct, frozen=True):
    """`lines` join boxes by their places in the list, in the direction of the data. `left_out`: boxes that found no room."""

    boxes: list[Box]
    lines: list[tuple[int, int]]
    left_out: int


def layout(facts: LineageFacts, most: int = MAX_BOXES) -> Layout:
    """The nearest boxes; within a column each stands near what it is joined with."""
    labels, columns, lines = _everything(facts)
    kept = sorted(columns, key=lambda key: (abs(columns[key]), labels[key]))[:most]
    rows = _rows(kept, columns, lines)
    leftmost = min(columns[key] for key in kept)
    places = {key: place for place, key in enumerate(kept)}
    boxes = [Box(labels[key][0], columns[key] - leftmost, rows[key], labels[key][1], labels[key][2]) for key in kept]
    joined = sorted({(places[start], places[end]) for start, end in lines if start in places and end in places})
    return Layout(boxes, joined, len(columns) - len(kept))


def _everything(facts: LineageFacts) -> tuple[dict[Key, tuple[str, str, str]], dict[Key, int], list[tuple[Key, Key]]]:
    """Labels and columns, 0 for the piece itself, and lines."""
    labels, columns, lines = dict[Key, tuple[str, str, str]](), dict[Key, int](), list[tuple[Key, Key]]()
    way = facts.provenance
    for piece, distance in way.distances.items():
        labels[piece] = ("data" if distance else "piece", piece.node.name, f"version {piece.version or 'not known'}")
        columns[piece] = -2 * distance
    for piece, run in way.makers.items():
        labels[run] = ("run", run.job_name, f"run {run.run_id}")
        columns[run] = max(columns[piece] - 1, columns.get(run, columns[piece] - 1))
        lines.append((run, piece))
    lines += [(source.piece, source.run) for source in way.sources]
    for one in facts.outputs:
        user: Key = ("job", one.job_namespace, one.job_name)
        labels[user], columns[user] = ("run", one.job_name, f"{one.runs} run{'s' if one.runs != 1 else ''}"), 1
        lines.append((facts.piece, user))
        if one.kind and Piece(one.node, one.last_version) not in columns:
            made: Key = ("data", one.kind, one.namespace, one.name)
            labels[made], columns[made] = ("data", one.name, f"last {one.last_version}" if one.last_version else ""), 2
            lines.append((user, made))
    return labels, columns, lines


def _rows(kept: list[Key], columns: dict[Key, int], lines: list[tuple[Key, Key]]) -> dict[Key, int]:
    """Column by column outward: in the order of the mean row of what each is joined with nearer to the middle."""
    near: dict[Key, list[Key]] = defaultdict(list)
    for start, end in lines:
        inner, outer = (start, end) if abs(columns[start]) < abs(columns[end]) else (end, start)
        near[outer].append(inner)
    by_column: dict[int, list[Key]] = defaultdict(list)
    for key in kept:
        by_column[columns[key]].append(key)
    rows: dict[Key, int] = {}
    for column in sorted(by_column, key=abs):
        found = by_column[column]
        means = {key: fmean(placed) if (placed := [rows[one] for one in near[key] if one in rows]) else 0.0 for key in found}
        for row, key in enumerate(sorted(found, key=lambda key: means[key])):
            rows[key] = row
    return rows
