"""The queue between the job and its delivery is bounded in memory and in time."""

import threading
import time

from leadline.track.outbox import WAIT_SECONDS, Outbox


def test_it_holds_what_it_may_and_gives_it_in_order() -> None:
    """Taking makes room again."""
    outbox = Outbox(1_000, lambda: None)
    assert [outbox.put(number, 100) for number in range(9)] == [True] * 9
    assert outbox.put(9, 100) is False
    assert outbox.take(4) == [0, 1, 2, 3]
    assert outbox.put(10, 100) is True
    assert outbox.take(100) == [4, 5, 6, 7, 8, 10]
    assert len(outbox) == 0


def test_starts_and_ends_of_runs_find_room_where_others_do_not() -> None:
    """The last tenth is theirs."""
    outbox = Outbox(1_000, lambda: None)
    while outbox.put("metric", 100):
        pass
    assert outbox.put("start", 100, vital=True) is True
    assert outbox.put("start", 100, vital=True) is False


def test_a_jam_is_waited_for_once_and_never_long() -> None:
    """A job that reports into a dead end is held up once, not with every call."""
    outbox = Outbox(1_000, lambda: None)
    outbox.put("x", 900)
    began = time.monotonic()
    assert [outbox.put("y", 100) for _ in range(1_000)] == [False] * 1_000
    assert WAIT_SECONDS <= time.monotonic() - began < 20 * WAIT_SECONDS


def test_room_that_is_made_while_waiting_is_used() -> None:
    """Whoever makes it is told that it is needed."""
    outbox = Outbox(1_000, lambda: threading.Thread(target=outbox.take, args=(1,)).start())
    outbox.put("x", 900)
    assert outbox.put("y", 100) is True
