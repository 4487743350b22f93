"""The promise of the demo, kept without a stack: recorded events through lineage and bounds to the explanation."""

import functools

import pytest

from leadline.demo.plan import Plan, make_plan
from leadline.demo.record import seed_file
from leadline.demo.story import Step, longest
from leadline.history.explanation.answer import Explanation
from leadline.history.explanation.explain import RUN_METRICS, explain

from .recorded import Replayed, facts_of, replay

CULPRITS = range(1, 21)
HARMLESS = range(101, 111)


@functools.cache
def _replayed(seed: int, with_culprit: bool) -> Replayed:
    return replay(seed_file(seed, with_culprit=with_culprit))


@functools.cache
def _wrong_predictions(seed: int, with_culprit: bool) -> Explanation:
    """Of the alert that the demo itself would choose."""
    replayed = _replayed(seed, with_culprit)
    steps = (
        Step(one.episode_id, one.name, one.metric, one.severity, one.readings, one.ordinal) for one in replayed.transitions
    )
    return explain(facts_of(replayed, replayed.episodes[longest(steps) or ""][0]))


def _culprit_first(plan: Plan, found: Explanation) -> bool:
    """The first change is the planted commit: its job, in the first run about its day."""
    assert plan.culprit is not None
    assert plan.culprit.commit is not None
    first = found.causes[0]
    assert first.run is not None
    assert first.run.nominal_at is not None
    planted_at = (plan.culprit.day - plan.weeks[0].first).days
    ran_at = (first.run.nominal_at - 1_372_636_800_000_000) // 86_400_000_000
    return (first.change.what, first.change.job_name, ran_at) == ("code.commit", plan.culprit.job, planted_at)


def test_culprit_is_ranked_first() -> None:
    """Over 20 seeds the planted commit is ranked first in at least 18."""
    hits = {seed for seed in CULPRITS if _culprit_first(make_plan(seed), _wrong_predictions(seed, True))}
    assert len(hits) >= 18, f"missed in seeds {sorted(set(CULPRITS) - hits)}"


def test_what_is_blamed_is_the_culprit() -> None:
    """Wherever a change is blamed with high confidence, it is the planted one."""
    for seed in CULPRITS:
        found = _wrong_predictions(seed, True)
        if found.causes[0].confidence == "high":
            assert _culprit_first(make_plan(seed), found), f"seed {seed}"


@pytest.mark.parametrize("seed", HARMLESS)
def test_nothing_is_blamed_without_a_culprit(seed: int) -> None:
    """With decoys and storms only, no change is blamed above low confidence for any alert about data, model or predictions."""
    replayed = _replayed(seed, False)
    opened = [steps[0] for steps in replayed.episodes.values() if steps[0].metric not in RUN_METRICS]
    assert opened
    for transition in opened:
        blamed = [cause for cause in explain(facts_of(replayed, transition)).causes if cause.confidence != "low"]
        assert not blamed, f"{transition.metric} of {transition.name}: {blamed[0].change.what} of {blamed[0].change.job_name}"


def test_decoys_lie_nearer_to_the_alert() -> None:
    """In every seed a harmless change lies between the culprit and the alert, else the nearest change would do as an answer."""
    for seed in CULPRITS:
        found, plan = _wrong_predictions(seed, True), make_plan(seed)
        culprit = next(cause for cause in found.causes if _is_planted(plan, cause.change.job_name, cause.change.what))
        later = [one for one in found.causes if one.change.event_time > culprit.change.event_time]
        assert {one.change.what for one in later} & {"code.commit", "package.travel-days"}, f"seed {seed}"


def _is_planted(plan: Plan, job_name: str, what: str) -> bool:
    assert plan.culprit is not None
    return (job_name, what) == (plan.culprit.job, "code.commit")


def test_failure_goes_back_to_its_root() -> None:
    """The last job that failed is explained by the first one upstream that did, with its error."""
    for seed in CULPRITS:
        plan, replayed = make_plan(seed), _replayed(seed, True)
        assert plan.breakage is not None
        failed = [one for one in replayed.transitions if one.metric in RUN_METRICS]
        failure = explain(facts_of(replayed, failed[-1])).failure
        assert failure is not None
        root = failure.root or failure.run
        assert (root.job_name, root.error_type) == (plan.breakage.job, "FileNotFoundError"), f"seed {seed}"
        assert plan.breakage.file in root.error_message
