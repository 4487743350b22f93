"""Exactly the bad messages of a refused block are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.clickhouse.framing import Body
from leadline.clickhouse.insert import Refused
from leadline.clickhouse.isolate import Hopeless, isolate
from leadline.clickhouse.message import Group
from leadline.events.codec import encode_body
from leadline.events.records import DecisionRecorded
from leadline.events.schemas import newest

from .message import FakeMessage

_GOOD = encode_body(
    DecisionRecorded(event_id="e", event_time=1, producer="p", kind="MODEL", namespace="n", name="m", action="A", actor="a")
)
_NAMELESS = encode_body(
    DecisionRecorded(event_id="e", event_time=1, producer="p", kind="MODEL", namespace="n", name="", action="A", actor="a")
)
_KINDS = {"good": _GOOD, "truncated": _GOOD[:-1], "trailing_bytes": _GOOD + b"x", "empty_name": _NAMELESS, "refused": _GOOD}


def _group(kinds: list[str]) -> Group:
    group = Group("leadline.decisions", 1)
    for offset, kind in enumerate(kinds):
        group.bodies.append(Body(0, offset, 0, _KINDS[kind]))
        group.messages.append(FakeMessage(_KINDS[kind], offset))
    return group


@given(st.lists(st.sampled_from(sorted(_KINDS)), max_size=60))
def test_good_are_inserted_once_and_bad_are_named(kinds: list[str]) -> None:
    """Also those that only the store refuses, without a rule that we know."""
    inserted: list[int] = []

    def insert(part: Group) -> None:
        if any(kinds[body.offset] == "refused" for body in part.bodies):
            raise Refused("refused", "no")
        inserted.extend(body.offset for body in part.bodies)

    bad = isolate(_group(kinds), newest("DecisionRecorded"), insert)
    assert sorted(inserted) == [offset for offset, kind in enumerate(kinds) if kind == "good"]
    assert {letter.message.offset(): letter.reason for letter in bad} == {
        offset: kind for offset, kind in enumerate(kinds) if kind != "good"
    }


def test_the_search_has_a_deadline() -> None:
    """A store that refuses everything is not asked for ever."""

    def insert(part: Group) -> None:
        raise Refused("refused", "no")

    with pytest.raises(Hopeless):
        isolate(_group(["good"] * 1000), newest("DecisionRecorded"), insert, deadline_seconds=-1)
