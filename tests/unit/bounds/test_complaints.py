"""What users of other monitors complain about (reference bounds.md, section 2): each is a promise here."""

import math

import pytest

from leadline.bounds.state import dump, load
from leadline.core.clock import DAY, SECOND
from leadline.events.records import MetricsReported

from .stream import START, Watched, bound, declared, reading

HOUR = 3600


def test_silence_is_not_recovery() -> None:
    """A violation stays open however long nothing more is heard: only a reading within the bound resolves it."""
    watched = Watched().feed(reading(0, 0.7, bound()))
    assert watched.feed(reading(400 * HOUR, 0.6)).steps == ["opened error"]
    assert len(watched.open_state) == 1


def test_what_was_opened_is_closed_when_its_bound_goes() -> None:
    """Pausing or deleting a bound ends its open episodes with a word of its own, not as if all were well."""
    for state, reason in (("PAUSED", "paused"), ("DELETED", "deleted")):
        watched = Watched().feed(
            declared(bound(), 1), reading(0, 0.7), declared(bound(error_lower=0.85, state=state), 2, seconds=9)
        )
        assert watched.steps == ["opened error", f"closed error ({reason})"]
        assert watched.open_state == {}
        assert watched.transitions[-1].event_time == START + 9 * SECOND


def test_the_same_failure_every_run_is_said_once() -> None:
    """One episode, however many readings are outside; its later transitions count them."""
    watched = Watched().feed(reading(0, 0.7, bound()), *(reading(n * HOUR, 0.7) for n in range(1, 50)), reading(50 * HOUR, 0.9))
    assert watched.steps == ["opened error", "resolved error"]
    assert watched.transitions[-1].readings == 50


def test_somebody_says_when_it_is_mended() -> None:
    """`resolved` carries the value that is good again, the worst one meanwhile, and what was good before."""
    good = reading(0, 0.9, bound())
    watched = Watched().feed(good, reading(HOUR, 0.8), reading(2 * HOUR, 0.5), reading(3 * HOUR, 0.91))
    resolved = watched.transitions[-1]
    assert (resolved.transition, resolved.value, resolved.peak, resolved.threshold) == ("resolved", 0.91, 0.5, 0.85)
    assert (resolved.last_good_value, resolved.last_good_time, resolved.last_good_run_id) == (0.9, START, good.run_id)
    assert resolved.opened_at == START + HOUR * SECOND


def test_history_ingested_again_raises_no_storm() -> None:
    """Readings from before the bound existed and readings sent again emit nothing."""
    history = [reading(n * HOUR, 0.5, event_id=f"old-{n}", mode="") for n in range(5)]
    watched = Watched().feed(declared(bound(), 1)).feed(*history, recorded_at=START + 7 * DAY)
    assert watched.steps == []
    seen = [reading(n * HOUR, 0.5, event_id=f"new-{n}") for n in range(5)]
    assert watched.feed(*seen, *seen, *seen).steps == ["opened error"]


def test_a_run_of_today_about_a_day_long_past_is_live() -> None:
    """Judged by when the run ended, never by its slot."""
    stale = reading(0, 0.5, bound(), slot=START - 4000 * DAY, mode="", run_ended_at=START)
    assert Watched().feed(stale).steps == ["opened error"]


def test_a_terminal_state_written_twice_is_said_once() -> None:
    """The same reading again changes nothing, at once or after others."""
    bad, good = reading(0, 0.5, bound()), reading(60, 0.9)
    assert Watched().feed(bad, bad, good, good, bad, good).steps == ["opened error", "resolved error"]


@pytest.mark.parametrize(
    "old",
    [
        reading(60, 0.5, mode="BACKFILL"),
        reading(60, 0.9, mode="BACKFILL"),
        reading(60, 0.5, mode="TEST"),
        reading(-2 * 24 * HOUR, 0.5, mode=""),
    ],
)
def test_backfills_fire_nothing(old: MetricsReported) -> None:
    """A backfill or a test neither opens nor resolves; without a mode, what came a day after it was measured is one."""
    assert Watched().feed(declared(bound(), 1), old, recorded_at=START + 61 * SECOND).steps == []
    open_one = Watched().feed(reading(0, 0.5, bound()))
    assert open_one.feed(old, recorded_at=START + 61 * SECOND).steps == ["opened error"]


def test_an_explicit_mode_wins() -> None:
    """A producer that says LIVE is believed, however late the event came."""
    late = reading(0, 0.5, bound(), mode="LIVE")
    assert Watched().feed(late, recorded_at=START + 9 * DAY).steps == ["opened error"]


def test_the_identity_of_an_alert_does_not_hold_its_value() -> None:
    """Another value, another severity or another version of the bound is the same series and the same episode."""
    specs = [bound(warn_lower=0.9, error_lower=lower) for lower in (0.8, 0.75)]
    watched = Watched().feed(reading(0, 0.85, specs[0]), reading(60, 0.7), reading(120, 0.85, specs[1]))
    assert [t.transition for t in watched.transitions] == ["opened", "escalated", "respecified", "deescalated"]
    assert len({t.series for t in watched.transitions}) == len({t.episode_id for t in watched.transitions}) == 1


def test_a_restart_neither_alerts_again_nor_forgets_what_is_open() -> None:
    """The state that is written down holds all that is needed."""
    watched = Watched().feed(reading(0, 0.5, bound()), reading(60, math.nan))
    watched.nodes = {key: load(dump(node)) for key, node in watched.nodes.items()}
    assert watched.feed(reading(120, 0.5), reading(180, 0.9)).steps == ["opened error", "resolved error"]


def test_mending_the_bound_resolves_what_it_raised() -> None:
    """An open episode is judged anew by its last reading when the bound changes."""
    relaxed = declared(bound(error_lower=0.4), 2, seconds=90)
    watched = Watched().feed(declared(bound(), 1), reading(0, 0.5), relaxed)
    assert watched.steps == ["opened error", "resolved error (spec_changed)"]
    stricter = Watched().feed(declared(bound(warn_lower=0.9), 1), reading(0, 0.8), declared(bound(), 2))
    assert stricter.steps == ["opened warn", "respecified error (spec_changed)"]
    assert stricter.transitions[-1].previous_severity == "warn"


def test_old_points_do_not_flip_the_current_state() -> None:
    """A reading from before the allowed lateness is history: counted, and nothing else."""
    watched = Watched().feed(reading(0, 0.9, bound()), reading(HOUR, 0.5), reading(HOUR - 601, 0.99), reading(HOUR - 601, 0.1))
    assert watched.steps == ["opened error"]
    assert watched.late == 2


def test_one_clock_that_is_years_ahead_blinds_nobody() -> None:
    """A reading from the future counts as of when it came, so that those after it are not too late."""
    watched = Watched().feed(reading(0, 0.9, bound()), recorded_at=START)
    watched.feed(reading(20 * 365 * 24 * HOUR, 0.9), recorded_at=START + 60 * SECOND)
    watched.feed(reading(HOUR, 0.5), recorded_at=START + HOUR * SECOND)
    assert watched.steps == ["opened error"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_green(value: float) -> None:
    """NaN and infinities violate, as `on_invalid` says, on whichever side the limit is."""
    for spec in (bound(error_lower=0.5), bound(error_upper=0.5)):
        assert Watched().feed(reading(0, value, spec)).steps == ["opened error"]
    assert Watched().feed(reading(0, value, bound(error_lower=0.5, on_invalid="warn"))).steps == ["opened warn"]
    ignoring = Watched().feed(reading(0, 0.4, bound(error_lower=0.5, on_invalid="ignore")), reading(60, value))
    assert ignoring.steps == ["opened error"]


def test_a_value_of_zero_is_a_value() -> None:
    """Zero is judged, kept and shown like any other number."""
    opened, resolved = Watched().feed(reading(0, 0.0, bound()), reading(60, 0.9)).transitions
    assert (opened.value, resolved.peak) == (0.0, 0.0)
    assert Watched().feed(reading(0, 0.0, bound(error_upper=0.0))).steps == []


def test_the_message_says_the_right_side() -> None:
    """Below a lower limit and above an upper one, with the limit that was crossed."""
    spec = bound(warn_lower=0.9, error_lower=0.85, error_upper=1.5)
    low, high = (Watched().feed(reading(0, value, spec)).transitions[0] for value in (0.8, 1.6))
    assert low.condition == high.condition == "error below 0.85 or above 1.5, warn below 0.9"
    assert (low.threshold, high.threshold) == (0.85, 1.5)
