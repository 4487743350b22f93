"""The states' store: which of two records of one entity holds."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.core.clock import Micros
from leadline.events.topics import RUNS
from leadline.worker.apply import mark_key
from leadline.worker.role import Role
from leadline.worker.state import Entry, StateCodec, position
from leadline.worker.store import NewestStore


class State(msgspec.Struct):
    number: int = 0


def deadline(_: State) -> Micros | None:
    return None


CODEC = StateCodec(Role("test", RUNS, State, lambda state, event, at: (state or State(), ()), (), deadline))


def record(offset: int, epoch: str = "e") -> bytes:
    return CODEC.encode(Entry(epoch, offset, 0, None, State(offset)))


def event(key: bytes, value: bytes | None) -> Any:
    return SimpleNamespace(key=key, value=value, message=SimpleNamespace(value=value, partition=0))


def recovered(*batches: list[Any]) -> dict[bytes, bytes]:
    store = NewestStore("newest://", Mock(), Mock())
    for batch in batches:
        store.apply_changelog_batch(batch, lambda key: key, lambda value: value)
    return dict(store.data)


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.integers(0, 50)), min_size=1), st.integers(0, 60))
def test_a_late_write_of_a_frozen_worker_changes_nothing(written: list[tuple[bytes, int]], cut: int) -> None:
    """In whatever order and batches records stand in the changelog, the one that has seen most holds."""
    events = [event(key, record(offset)) for key, offset in written]
    found = recovered(events[:cut], events[cut:])
    assert {key: position(value)[1] for key, value in found.items()} == {
        key: max(offset for name, offset in written if name == key) for key, _ in written
    }


def test_a_topic_created_anew_replaces_what_was() -> None:
    """Its offsets begin at 0 again, and are no older for that."""
    assert recovered([event(b"a", record(70))], [event(b"a", record(0, "anew"))]) == {b"a": record(0, "anew")}


@pytest.mark.parametrize("offset", [0, 2**40])
def test_marks_have_a_position_too(offset: int) -> None:
    """They are compared as states are, and are no entity's record."""
    assert position(CODEC.mark("e", offset)) == ("e", offset)
    assert recovered([event(mark_key(3), CODEC.mark("e", offset))])
