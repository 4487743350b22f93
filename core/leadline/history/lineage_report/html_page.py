"""The document as one HTML file that needs nothing else: no script, no font, no picture from anywhere. Pure."""

from collections.abc import Iterator
from html import escape

from ..document import printable
from .drawing import svg
from .facts import LineageFacts
from .layout import layout
from .sections import Section, sections, title

_STYLE = """
:root { color-scheme: light dark; --line: #9aa4b2; --soft: #f1f4f8; --piece: #dbe9ff; --run: #fff; --ink: #1b2430 }
@media (prefers-color-scheme: dark) {
  :root { --line: #5d6875; --soft: #222b36; --piece: #24406b; --run: #161c24; --ink: #e6ebf2 } body { background: #10151b } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin-top: 2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; min-width: 4rem }
th { font-weight: 600; white-space: nowrap }
svg text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: var(--ink) }
svg .second { font-size: 11px; opacity: .75 }
svg rect { stroke: var(--line); fill: var(--soft) } svg .piece rect { fill: var(--piece); stroke-width: 2 }
svg .run rect { fill: var(--run) } svg path { fill: none; stroke: var(--line); stroke-width: 1.5 }
@media print { body { max-width: none; margin: 0 } h2 { break-after: avoid } tr { break-inside: avoid } }
"""


def to_html(facts: LineageFacts) -> str:
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: LineageFacts) -> Iterator[str]:
    heading, picture = _text(title(facts)), layout(facts)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{heading}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{heading}</h1>"
    yield f'<div class="wide">\n{svg(picture)}\n</div>'
    if picture.left_out:
        yield f"<p>{picture.left_out} boxes more found no room; the tables have all.</p>"
    for section in sections(facts):
        yield from _section(section)
    yield "</body>\n</html>"


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{_text(section.title)}</h2>"
    if not section.rows:
        yield f"<p>{_text(section.note)}</p>"
        return
    yield '<div class="wide">\n<table>'
    if any(section.columns):
        yield f"<thead><tr>{''.join(f'<th>{_text(name)}</th>' for name in section.columns)}</tr></thead>"
    yield "<tbody>"
    for row in section.rows:
        yield f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody>\n</table>\n</div>"


def _text(text: str) -> str:
    return escape(printable(text))
