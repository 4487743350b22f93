"""Static bounds: limits, slots, retries, corrections, and the bound that every job has."""

import pytest

from leadline.bounds.evaluate import MAX_SERIES
from leadline.bounds.judge import in_words, judge
from leadline.bounds.state import dump
from leadline.events.records import BoundSpec, MetricsReported, Reading

from .stream import START, Watched, bound, declared, reading


@pytest.mark.parametrize(
    ("inclusive", "at_lower", "at_upper", "words"),
    [
        ("both", 0, 0, "error below 1 or above 2"),
        ("lower", 0, 2, "error below 1 or at or above 2"),
        ("upper", 2, 0, "error at or below 1 or above 2"),
        ("none", 2, 2, "error at or below 1 or at or above 2"),
    ],
)
def test_inclusive_says_which_limits_are_within(inclusive: str, at_lower: int, at_upper: int, words: str) -> None:
    """By default a value at the bound is within it."""
    spec = bound(error_lower=1.0, error_upper=2.0, inclusive=inclusive)
    assert (judge(spec, 1.0), judge(spec, 2.0), judge(spec, 1.5)) == (at_lower, at_upper, 0)
    assert in_words(spec) == words


def test_severity_rises_and_falls_within_one_episode() -> None:
    """Warn, error and warn again are one episode with numbered transitions, each naming the limit that it crossed."""
    spec = bound(warn_lower=0.9, error_lower=0.8)
    watched = Watched().feed(*(reading(n * 60, value, spec) for n, value in enumerate((0.95, 0.85, 0.7, 0.85, 0.95))))
    assert watched.steps == ["opened warn", "escalated error", "deescalated warn", "resolved warn"]
    assert [t.ordinal for t in watched.transitions] == [1, 2, 3, 4]
    assert [t.threshold for t in watched.transitions[:3]] == [0.9, 0.8, 0.9]
    assert [t.previous_severity for t in watched.transitions] == ["", "warn", "error", "warn"]


def test_a_bound_judges_the_readings_that_have_its_dimensions() -> None:
    """Each full combination of dimensions is a series of its own."""
    spec = bound(error_lower=0.85, dims={"region": "eu"})
    watched = Watched().feed(
        reading(0, 0.5, spec),
        reading(1, 0.5, dims={"region": "us"}),
        reading(2, 0.5, dims={"region": "eu", "carrier": "EV"}),
        reading(3, 0.5, dims={"region": "eu", "carrier": "AA"}),
    )
    assert [t.dims["carrier"] for t in watched.transitions] == ["EV", "AA"]
    assert len({t.series for t in watched.transitions}) == 2


def test_no_reading_overtakes_its_bound() -> None:
    """A bound in an event judges the readings of that very event."""
    assert Watched().feed(reading(0, 0.5, bound())).steps == ["opened error"]


def test_a_bound_added_to_a_reading_judges_it() -> None:
    """A producer that adds a limit a moment later sends the reading again under the same id."""
    first = reading(0, 0.95, bound(error_lower=0.9), bound(bound_id="other", error_lower=0.9), event_id="same")
    added = reading(0, 0.95, bound(error_lower=0.9, warn_lower=0.97), event_id="same")
    watched = Watched().feed(first, added, first, added)
    assert watched.steps == ["opened warn"]


def test_a_late_event_does_not_bring_back_an_old_bound() -> None:
    """Of the bounds that code declared, the one of the newest event holds."""
    watched = Watched().feed(reading(60, 0.7, bound(error_lower=0.6)), reading(0, 0.7, bound(error_lower=0.8)))
    assert watched.feed(reading(120, 0.7)).steps == []


def test_the_operators_bound_wins_until_it_is_deleted() -> None:
    """Then the code's holds again."""
    watched = Watched().feed(reading(0, 0.5, bound(error_lower=0.6)), declared(bound(error_lower=0.4), 1))
    assert watched.steps == ["opened error", "resolved error (spec_changed)"]
    watched.feed(reading(60, 0.5, bound(error_lower=0.6)))
    assert len(watched.transitions) == 2
    watched.feed(declared(bound(error_lower=0.4, state="DELETED"), 2), reading(120, 0.5))
    assert watched.steps[2:] == ["opened error"]
    assert [t.bound_origin for t in watched.transitions] == ["CODE", "OPERATOR", "CODE"]


def test_an_older_declaration_changes_nothing() -> None:
    """Declarations come once for every partition and again after a crash: only a higher version counts."""
    newest, older = declared(bound(error_lower=0.4), 2), declared(bound(error_lower=0.9), 1)
    assert Watched().feed(newest, older, newest, reading(0, 0.5)).steps == []


def test_what_came_while_a_bound_was_paused_is_not_judged_later() -> None:
    """Not even when it comes again after the bound was resumed."""
    while_paused = reading(60, 0.5)
    paused, resumed = declared(bound(error_lower=0.85, state="PAUSED"), 1), declared(bound(), 2)
    watched = Watched().feed(paused, while_paused, resumed, while_paused)
    assert watched.steps == []
    assert watched.feed(reading(120, 0.5)).steps == ["opened error"]


def test_a_bound_that_moves_to_another_metric_closes_what_is_open() -> None:
    """What is open was about something else."""
    moved = declared(bound(metric="brier", error_upper=0.2), 2)
    watched = Watched().feed(declared(bound(), 1), reading(0, 0.5), moved, reading(60, 0.3, metric="brier"))
    assert watched.steps == ["opened error", "closed error (spec_changed)", "opened error"]
    assert [t.metric for t in watched.transitions] == ["auc", "auc", "brier"]


def test_a_retry_that_is_well_retracts_what_the_first_try_opened() -> None:
    """A higher attempt of the same slot replaces the earlier value."""
    watched = Watched().feed(reading(0, 0.5, bound(), slot=START), reading(3000, 0.9, slot=START, attempt=2))
    assert watched.steps == ["opened error", "retracted error (superseded)"]
    assert watched.open_state == {}


def test_a_retry_that_is_as_bad_stays_the_same_episode() -> None:
    """Nobody is called again for the same slot."""
    watched = Watched().feed(
        reading(0, 0.5, bound(), slot=START), reading(60, 0.6, slot=START, attempt=2), reading(120, 0.9, slot=START + 1)
    )
    assert watched.steps == ["opened error", "resolved error"]


def test_a_late_good_reading_splits_nothing_that_it_should_not() -> None:
    """Late readings give the episodes of their order in time; what was over before it became known is said once."""
    watched = Watched().feed(reading(0, 0.9, bound()), reading(300, 0.9), reading(100, 0.5), reading(200, 0.9))
    assert watched.steps == ["resolved error (corrected)", "resolved error (corrected)"]
    assert watched.transitions[-1].reading_event_id.startswith("event-200")
    earlier = Watched().feed(reading(0, 0.9, bound()), reading(300, 0.5), reading(100, 0.5))
    assert earlier.steps == ["opened error", "retracted error (late)", "opened error"]
    assert earlier.transitions[-1].opened_at == START + 100_000_000


def job(seconds: float, succeeded: float, run_id: str, attempt: int = 1) -> MetricsReported:
    return MetricsReported(
        event_id=f"{run_id}-{attempt}-{seconds:g}",
        event_time=START + round(seconds * 1_000_000),
        producer="leadline-lineage/1",
        kind="JOB",
        namespace="airflow://prod",
        name="score",
        job_namespace="airflow://prod",
        job_name="score",
        run_id=run_id,
        attempt=attempt,
        slot=START,
        readings=[Reading(metric="run.succeeded", value=succeeded)],
    )


def test_every_job_has_a_bound_on_failed_runs() -> None:
    """Nobody declares it; the next run that works resolves it, a retry of the same slot too."""
    watched = Watched().feed(job(0, 1, "a"), job(60, 0, "b"), job(120, 0, "b", attempt=2), job(180, 1, "b", attempt=3))
    assert watched.steps == ["opened error", "resolved error"]
    opened = watched.transitions[0]
    assert (opened.bound_id, opened.bound_origin, opened.run_id) == ("leadline/run-failed", "BUILT_IN", "b")
    assert opened.condition == "the run failed or was lost"


def test_the_built_in_bound_can_be_paused_for_one_job() -> None:
    """As any bound, by an operator or by code."""
    paused = BoundSpec(bound_id="leadline/run-failed", metric="run.succeeded", error_lower=1.0, state="PAUSED")
    failing = job(0, 0, "a")
    muted = reading(0, 0.0, paused, kind="JOB", namespace="airflow://prod", name="score")
    assert Watched().feed(muted, failing).steps == []
    assert Watched().feed(failing, muted).steps == ["opened error", "closed error (paused)"]


def test_run_succeeded_of_other_nodes_is_a_metric_like_any_other() -> None:
    """The built-in bound is on jobs."""
    assert Watched().feed(reading(0, 0.0, metric="run.succeeded")).steps == []


def test_a_node_with_too_many_series_stays_within_one_record() -> None:
    """Series beyond the limit are counted, not judged: the node's state must fit into one message."""
    watched = Watched()
    for start in range(0, MAX_SERIES + 500, 500):
        readings = [Reading(metric="auc", value=0.9, dims={"user": str(number)}) for number in range(start, start + 500)]
        for seconds in range(3):
            watched.feed(reading(start + seconds, 0.9, bound(), readings=readings))
    (node,) = watched.nodes.values()
    assert len(node.series) == MAX_SERIES
    assert watched.unjudged == 3 * 500
    assert len(dump(node)) < 8_388_608
