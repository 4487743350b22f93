"""What commands print: safe for terminals, lossless for programs."""

import json
import math
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.output import Column, ago, duration, number, render_table, safe, when
from leadline.events.records.event import Micros
from leadline.history.document import document, to_json

HOSTILE = [
    "[bold]x[/]",
    "\x1b[31mred\x1b[0m",
    "a\nb\tc\r",
    'say "hi"; DROP TABLE x --',
    "😀 :smile:",
    "\u202eevil",
    "\x9b31m",
    "",
]


class _Timed(msgspec.Struct):
    at: Micros
    maybe: Micros | None
    count: int
    value: float


@pytest.mark.parametrize("name", HOSTILE)
def test_json_keeps_any_text(name: str) -> None:
    """JSON gives back exactly the name that went in."""
    assert json.loads(to_json({"name": name})) == {"name": name}


@given(st.text())
def test_nothing_steers_the_terminal(text: str) -> None:
    """Neither a table's cell nor JSON holds a control character, a line break or a sign that turns the direction."""
    shown = safe(text) + to_json(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_round_trip(text: str) -> None:
    """Whatever UTF-8 can hold survives JSON."""
    assert json.loads(to_json([text])) == [text]


def test_markup_is_text() -> None:
    """A name that looks like markup or an emoji code is shown as it is written."""
    table = render_table(["name"], [["[bold]x[/] :smile:"]])
    assert "[bold]x[/] :smile:" in table


def test_escape_sequences_are_written_out() -> None:
    """A table shows an escape sequence as text, in a terminal with colours too."""
    assert "\\x1b[31mred" in render_table(["name"], [["\x1b[31mred"]], color=True)


def test_table_fits_the_terminal() -> None:
    """At 80 columns no line is longer, a folded name loses nothing, and a kept column stays whole."""
    long = "abcdefghij" * 20
    table = render_table([Column("state", keep=True), "name"], [["COMPLETE", long]], width=80)
    lines = table.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line[10:].strip() for line in lines[2:]) == long
    assert "COMPLETE" in table


def test_pipe_cuts_nothing() -> None:
    """Where the output is no terminal, a cell stays on one line however long it is."""
    long = "x" * 3000
    assert long in render_table([Column("name", "cut")], [[long]])


def test_document_of_a_struct() -> None:
    """Times become ISO 8601 in UTC, unknown ones null, other numbers stay, and NaN is a string."""
    timed = _Timed(at=1_000_001, maybe=None, count=1_000_001, value=math.nan)
    assert document(timed) == {"at": "1970-01-01T00:00:01.000001Z", "maybe": None, "count": 1_000_001, "value": "NaN"}


def test_infinities_are_strings() -> None:
    """JSON stays valid for what it has no number for."""
    assert json.loads(to_json([math.inf, -math.inf, 1.5])) == ["Infinity", "-Infinity", 1.5]


def test_relative_times() -> None:
    """The unit fits the length, and the future is told from the past."""
    assert ago(0, 5_000_000) == "5.0 s ago"
    assert ago(0, 86_400_000_000 * 3) == "3 d ago"
    assert ago(7_200_000_000, 0) == "in 2 h"
    assert ago(None, 0) == "-"
    assert duration(90) == "90 s"


def test_numbers_and_moments() -> None:
    """Six digits at most, and seconds at most."""
    assert number(0.8123456789) == "0.812346"
    assert number(None) == "-"
    assert number(math.inf) == "Infinity"
    assert when(1_999_999) == "1970-01-01T00:00:01Z"
