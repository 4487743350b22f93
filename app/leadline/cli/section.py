"""A table under its title, apart from what stands above it."""

from collections.abc import Iterable, Sequence

import click

from .output import Column, print_table


def print_section(title: str, columns: Sequence[Column | str], rows: Iterable[Sequence[object]]) -> None:
    click.echo()
    print_table(columns, rows, title=title)
