"""The document as Markdown. Pure."""

import re
from collections.abc import Iterator

from ..document import printable
from .facts import LineageFacts
from .sections import Section, sections, title

_SIGNS = re.compile(r"([\\`*_\[\]|~#$!])")


def to_markdown(facts: LineageFacts) -> str:
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: LineageFacts) -> Iterator[str]:
    yield f"# {escape(title(facts))}"
    for section in sections(facts):
        yield ""
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    yield ""
    if not section.rows:
        yield escape(section.note)
        return
    yield _row(section.columns)
    yield _row(["---"] * len(section.columns))
    for row in section.rows:
        yield _row([escape(cell) for cell in row])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """On one line, and nothing in it is markup."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SIGNS.sub(r"\\\1", " ".join(plain.split("\n")))
