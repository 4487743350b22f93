"""A query's parameters."""

from typing import Literal

import msgspec
import pytest
from starlette.datastructures import QueryParams

from leadline.api.queries.parameters import Limit, moment, parameters
from leadline.core.errors import UsageError


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    word: list[str] = []
    limit: Limit = 50
    which: Literal["open", "all"] = "open"


class Renamed(msgspec.Struct, rename="camel"):
    last_run_states: list[str] = []


def test_converted_and_checked() -> None:
    """Numbers are numbers, lists may be given several times or once."""
    assert parameters(QueryParams("word=a&word=b&limit=3&which=all"), Strict) == Strict(["a", "b"], 3, "all")
    assert parameters(QueryParams("word=a%26b"), Strict) == Strict(["a&b"])
    assert parameters(QueryParams("lastRunStates=a&lastRunStates=b&more=c"), Renamed) == Renamed(["a", "b"])


@pytest.mark.parametrize(
    ("query", "said"),
    [("limit=x", "limit"), ("limit=0", "limit"), ("which=some", "which"), ("other=1", "other"), ("limit=1&limit=2", "2 times")],
)
def test_refused_with_its_name(query: str, said: str) -> None:
    """What makes no sense is named."""
    with pytest.raises(UsageError, match=said):
        parameters(QueryParams(query), Strict)


def test_times_are_read_as_on_the_command_line() -> None:
    """With a zone, in UTC, or how long ago; a plus that became a blank is explained."""
    assert moment("2026-11-21T13:00+01:00", "since") == moment("2026-11-21T12:00", "since") == 1_795_262_400_000_000
    assert moment("7d", "since") is not None
    assert moment("", "since") is None
    with pytest.raises(UsageError, match="%2B"):
        moment("2026-11-21T13:00 01:00", "since")
