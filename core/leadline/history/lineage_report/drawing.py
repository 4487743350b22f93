"""The layout as SVG that stands within the page. Pure."""

from collections.abc import Iterator
from html import escape

from ..document import printable
from .layout import Box, Layout

_WIDTH, _HEIGHT = 156, 44
_GAP_X, _GAP_Y = 40, 16
_MARGIN = 12
_LETTERS = 21


def svg(layout: Layout) -> str:
    """Whole names are in the boxes' titles; what does not fit is cut with an ellipsis."""
    return "\n".join(_elements(layout))


def _elements(layout: Layout) -> Iterator[str]:
    tallest = max((box.row for box in layout.boxes), default=0)
    sizes = [sum(box.column == column for box in layout.boxes) for column in range(1 + _last(layout))]
    height = 2 * _MARGIN + (tallest + 1) * (_HEIGHT + _GAP_Y) - _GAP_Y
    width = 2 * _MARGIN + len(sizes) * (_WIDTH + _GAP_X) - _GAP_X
    corners = [_corner(box, sizes[box.column], tallest + 1) for box in layout.boxes]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="Drawing of the lineage" '
        f'viewBox="0 0 {width} {height:g}" width="{width}" height="{height:g}">'
    )
    for start, end in layout.lines:
        yield _line(*corners[start], *corners[end])
    for box, (x, y) in zip(layout.boxes, corners, strict=True):
        yield _box(box, x, y)
    yield "</svg>"


def _last(layout: Layout) -> int:
    return max((box.column for box in layout.boxes), default=0)


def _corner(box: Box, size: int, tallest: int) -> tuple[float, float]:
    """Upper left; columns stand in the middle of the height."""
    down = box.row + (tallest - size) / 2
    return _MARGIN + box.column * (_WIDTH + _GAP_X), _MARGIN + down * (_HEIGHT + _GAP_Y)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    start, end, y1, y2 = x1 + _WIDTH, x2, y1 + _HEIGHT / 2, y2 + _HEIGHT / 2
    bend = max(_GAP_X, abs(end - start)) / 2
    return f'<path d="M{start:g} {y1:g} C{start + bend:g} {y1:g} {end - bend:g} {y2:g} {end:g} {y2:g}"/>'


def _box(box: Box, x: float, y: float) -> str:
    first, second = (escape(printable(text)) for text in (box.first, box.second))
    return (
        f'<g class="{box.kind}"><title>{first}, {second}</title>'
        f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="{22 if box.kind == "run" else 4}"/>'
        f'<text x="{x + _WIDTH / 2:g}" y="{y + 18:g}">{_cut(box.first)}</text>'
        f'<text class="second" x="{x + _WIDTH / 2:g}" y="{y + 34:g}">{_cut(box.second)}</text></g>'
    )


def _cut(text: str) -> str:
    """Cut before it is escaped, so that no entity is."""
    return escape(printable(text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"))
