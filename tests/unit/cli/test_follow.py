"""Which alerts are shown by --follow: each once, in order of being known, and only when it says whose it is; pure."""

from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.follow import OVERLAP, PATIENCE, Following
from leadline.core.clock import SECOND
from leadline.history.alerts import AlertEvent

NOON = 1_795_262_400_000_000


def alert(name: str, recorded_at: int, *, enriched: bool = True) -> AlertEvent:
    return AlertEvent(
        alert_id=name, episode_id="e", bound_id="b", transition="opened", severity="error", previous_severity="", kind="MODEL",
        namespace="n", name="m", metric="auc", dims={}, value=0.3, threshold=0.5, owner="", job_namespace="", job_name="",
        run_id="", enriched=enriched, event_time=NOON, recorded_at=recorded_at,
    )  # fmt: skip


def names(alerts: list[AlertEvent]) -> list[str]:
    return [found.alert_id for found in alerts]


def test_only_what_is_new() -> None:
    """What is there at the first look is not shown, what comes later is, once, however late it became visible."""
    following = Following(None, NOON)
    old, new, late = alert("old", NOON - SECOND), alert("new", NOON + SECOND), alert("late", NOON - 60 * SECOND)
    assert names(following.take([old], NOON)) == []
    assert names(following.take([old, new], NOON + SECOND)) == ["new"]
    assert names(following.take([late, old, new], NOON + 2 * SECOND)) == ["late"]
    assert following.after == new.recorded_at - OVERLAP


def test_since_shows_what_was() -> None:
    """With --since what became known from then on is shown first."""
    following = Following(NOON - 60 * SECOND, NOON)
    assert following.after == NOON - 60 * SECOND - 1
    assert names(following.take([alert("old", NOON - SECOND)], NOON)) == ["old"]


def test_an_alert_is_held_back_until_it_is_enriched() -> None:
    """It is shown with its owner, or after a few seconds as it is, and never twice."""
    following = Following(None, NOON)
    following.take([], NOON)
    bare = [alert("a", NOON, enriched=False), alert("b", NOON, enriched=False)]
    assert names(following.take(bare, NOON)) == []
    assert names(following.take([alert("a", NOON), bare[1]], NOON + SECOND)) == ["a"]
    assert names(following.take([alert("a", NOON), bare[1]], NOON + PATIENCE)) == ["b"]
    assert names(following.take([alert("a", NOON), alert("b", NOON)], NOON + 2 * PATIENCE)) == []


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60), st.integers(2, 7), st.booleans())
def test_all_are_shown_once_whatever_the_size_of_answers(times: list[tuple[int, bool]], page: int, everything: bool) -> None:
    """Answers that are cut off lose nothing and repeat nothing, at the first look neither."""
    stored = sorted((alert(f"{n}", NOON + t * OVERLAP // 4, enriched=e) for n, (t, e) in enumerate(times)), key=_known)
    most = max((sum(_known(a) == _known(b) for b in stored) for a in stored), default=0)
    page = max(page, most + 1)
    following = Following(NOON if everything else None, NOON + 30 * OVERLAP)
    if not everything:
        following.after = NOON - 1
    shown: list[str] = []
    for turn in range(2 * len(stored) + 3):
        found = [a for a in stored if a.recorded_at > following.after][:page]
        shown += names(following.take(found, NOON + turn * PATIENCE, more=len(found) == page))
    assert sorted(shown) == sorted(names(stored) if everything else [])


def _known(alert: AlertEvent) -> int:
    return alert.recorded_at
