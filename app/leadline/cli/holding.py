"""What a version holds, for people: size, rows, and each column with its distribution drawn."""

import click

from leadline.history.versions import Column as Profile
from leadline.history.versions import Description, Holding

from .output import Column, number, print_pairs, print_table

_BARS = "▁▂▃▄▅▆▇█"
WIDTH = 16
"""Signs of a drawn distribution."""


def print_holding(holding: Holding) -> None:
    description = holding.description
    click.echo("\nwhat " + (f"version {description.version}" if description.version else "it") + " holds")
    print_pairs(_pairs(description))
    if holding.columns:
        columns = [
            Column("column"),
            Column("type"),
            *(Column(name, keep=True, right=True) for name in ("null", "distinct", "minimum", "median", "mean", "maximum")),
            Column("distribution", keep=True),
        ]
        print_table(columns, [_row(profile) for profile in holding.columns], title="\ncolumns")


def distribution(edges: list[float], counts: list[int]) -> str:
    """Density over the range of values, from left to right; empty where there is no histogram or only one value."""
    if len(edges) != len(counts) + 1 or not counts or edges[-1] <= edges[0]:
        return ""
    step = (edges[-1] - edges[0]) / WIDTH
    starts = [edges[0] + step * place for place in range(WIDTH)]
    rows = [_rows_between(edges, counts, start, start + step) for start in starts]
    most = max(rows)
    return "".join(_BARS[min(int(len(_BARS) * part / most), len(_BARS) - 1)] for part in rows) if most > 0 else ""


def _rows_between(edges: list[float], counts: list[int], low: float, high: float) -> float:
    """Rows of each bin are spread evenly over it; those of a bin without width lie at its place."""
    found = 0.0
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        if right > left:
            found += count * max(0.0, min(right, high) - max(left, low)) / (right - left)
        elif low <= left < high or (left == high == edges[-1]):
            found += count
    return found


def _pairs(description: Description) -> list[tuple[str, object]]:
    size = "" if description.size_bytes is None else f"{description.size_bytes:,} bytes"
    return [
        ("format", description.format),
        ("class", description.class_name),
        ("rows", "" if description.rows is None else f"{description.rows:,}"),
        ("size", size + (f" in {description.files:,} files" if description.files else "")),
        ("content", description.content_hash),
        ("schema", description.schema_version),
        *((name, value) for name, value in sorted(description.attributes.items())),
        *((f"parameter {name}", value) for name, value in sorted(description.parameters.items())),
    ]


def _row(profile: Profile) -> tuple[str, ...]:
    null = "-" if profile.null_share is None else f"{profile.null_share:.1%}"
    distinct = "-" if profile.distinct is None else f"{profile.distinct:,}"
    values = (profile.minimum, profile.quantiles.get("0.5"), profile.mean, profile.maximum)
    return (profile.column, profile.type, null, distinct, *map(number, values), distribution(profile.edges, profile.counts))
