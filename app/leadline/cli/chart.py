"""A series as a chart in the terminal, and as a sparkline where there is none. Pure: numbers in, text out."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from leadline.core.clock import DAY, Micros, to_datetime

_BARS = "▁▂▃▄▅▆▇█"
_LARGEST = 1e150
_COLOURS = {"warn": "yellow", "error": "red"}


@dataclass(frozen=True)
class Line:
    """A limit as it was: its value at the times at which it changed, and at the end of the chart."""

    severity: str
    times: Sequence[Micros]
    values: Sequence[float]


def chart(
    times: Sequence[Micros],
    values: Sequence[float],
    lines: Sequence[Line],
    *,
    x_label: str,
    width: int,
    height: int,
    color: bool,
) -> str:
    """The finite values over time, with limits as lines. plotille draws it: Braille dots, no state between charts."""
    import plotille

    finite = [(moment, _within(value)) for moment, value in zip(times, values, strict=True) if math.isfinite(value)]
    if not finite:
        return "no finite value to draw\n"
    figure = plotille.Figure()
    figure.width, figure.height = max(20, width - 24), height  # the axes take the rest
    figure.color_mode, figure.with_colors = "names", color
    figure.origin = False
    figure.x_label, figure.y_label = x_label, "value"
    figure.x_ticks_fkt = _time_ticks(times[0], times[-1])
    figure.y_ticks_fkt = lambda low, _: f"{low:.5g}"
    for line in lines:
        figure.plot(line.times, [_within(value) for value in line.values], lc=_COLOURS.get(line.severity) if color else None)
    figure.plot([moment for moment, _ in finite], [value for _, value in finite], lc="cyan" if color else None)
    if times[0] < times[-1]:
        figure.set_x_limits(times[0], times[-1])
    figure.set_y_limits(
        *_limits([value for _, value in finite] + [value for line in lines for value in map(_within, line.values)])
    )
    return str(figure.show(legend=False)) + "\n"


def _within(value: float) -> float:
    """The canvas squares distances: beyond this they would be infinite."""
    return max(-_LARGEST, min(_LARGEST, value))


def sparkline(values: Sequence[float], width: int = 60) -> str:
    """One sign per value, the newest `width` of them; ! for NaN and infinities."""
    shown = values[-width:]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_bar(value, low, high) if math.isfinite(value) else "!" for value in shown)


def _bar(value: float, low: float, high: float) -> str:
    if low == high:
        return _BARS[3]
    # Divided first: the difference of two large numbers may be infinite.
    return _BARS[round((value / 2 - low / 2) / (high / 2 - low / 2) * (len(_BARS) - 1))]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return low - margin, high + margin


def _time_ticks(first: Micros, last: Micros) -> Callable[[float, float], str]:
    pattern = "%d %H:%M" if last - first < 7 * DAY else "%y-%m-%d"
    return lambda low, _: f"{to_datetime(int(low)):{pattern}}"
