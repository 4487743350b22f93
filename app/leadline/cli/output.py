"""What commands print: tables for people, JSON for programs, and names with any text in them shown safely."""

import io
import math
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import click

from leadline.core.clock import Micros, isoformat
from leadline.core.errors import LeadlineError
from leadline.history.document import denormal, to_json

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
"""Every command that reads takes it, as the parameter `as_json`."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Signs that turn the direction of what follows, so that a name could be shown as another."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PIPE_WIDTH = 10_000
"""Where no terminal limits the width, nothing is cut or folded."""


def safe(text: str) -> str:
    """The text on one line, with everything that steers a terminal written out: a newline as \\n, Escape as \\x1b."""
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def _visible(sign: str) -> str:
    if sign in _SHORT:
        return _SHORT[sign]
    if sign in _BIDI or unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp"):
        code = ord(sign)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return sign


def when(moment: Micros | None) -> str:
    """To the second, for example 2026-11-21T08:00:00Z; a dash for an unknown time."""
    return "-" if moment is None else isoformat(moment // 1_000_000 * 1_000_000)


def ago(moment: Micros | None, now: Micros) -> str:
    """How long ago in the largest unit that fits, for example "5 min ago"; a dash for an unknown time."""
    if moment is None:
        return "-"
    seconds = (now - moment) / 1_000_000
    return f"in {duration(-seconds)}" if seconds < 0 else f"{duration(seconds)} ago"


def duration(seconds: float | None) -> str:
    """Short, for example 0.2 s, 5 min, 3 h, 12 d; a dash for an unknown one."""
    if seconds is None:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def number(value: float | None) -> str:
    """Six significant digits at most; a dash for none."""
    return "-" if value is None else f"{value:.6g}" if math.isfinite(value) else denormal(value)


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    click.echo(to_json(value, indent=2))


def print_json_line(value: Any) -> None:
    """One JSON document on one line, shown at once: for what is followed."""
    click.echo(to_json(value))
    sys.stdout.flush()


@dataclass(frozen=True)
class Column:
    """`fold` breaks a long cell over lines, `cut` ends it with an ellipsis where the terminal is too narrow."""

    name: str
    overflow: Literal["fold", "cut"] = "fold"
    right: bool = False
    keep: bool = False
    """Never narrower than its widest cell."""


def print_table(columns: Sequence[Column | str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table as wide as the terminal allows; in a pipe as wide as its text. Cells are shown by `safe`."""
    click.echo(render_table(columns, rows, title=title, width=_width(), color=sys.stdout.isatty()), nl=False)


def render_table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    width: int = _PIPE_WIDTH,
    color: bool = False,
) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in (Column(column) if isinstance(column, str) else column for column in columns):
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            overflow="fold" if column.overflow == "fold" else "ellipsis",
            no_wrap=column.overflow == "cut" or column.keep,
            min_width=len(column.name) if not column.keep else None,
        )
    for row in rows:
        table.add_row(*(Text(safe(str(cell))) for cell in row))
    heading = "".join(f"{safe(line)}\n" for line in title.split("\n")) if title else ""
    return heading + render(table, width=width, color=color)


def render(renderable: Any, *, width: int, color: bool) -> str:
    """What rich would print, without the blanks at the ends of lines."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="standard" if color else None, highlight=False, emoji=False
    )
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def or_nothing(found: Sequence[object], sentence: str) -> None:
    """Raises LeadlineError with the sentence where nothing was found, which ends the command with exit code 1."""
    if not found:
        raise LeadlineError(sentence)


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values below each other; empty values are left out."""
    shown = [(name, safe(str(value))) for name, value in pairs if value not in ("", None)]
    room = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name:<{room}}  {value}")


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
