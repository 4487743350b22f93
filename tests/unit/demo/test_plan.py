"""What a seed plants."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadline.demo.commits import HARMFUL, HARMLESS
from leadline.demo.plan import make_plan
from leadline.demo.quarter import JOBS, SHORTEST, WEEKS, weeks
from leadline.demo.tasks import Task, backfill, replay

SEEDS = st.integers(0, 10_000)
COUNTS = st.integers(SHORTEST, WEEKS)


@given(SEEDS, COUNTS, st.booleans())
def test_plan_is_the_same_for_the_same_seed(seed: int, count: int, with_culprit: bool) -> None:
    """Nothing but the arguments decides what is planted."""
    assert make_plan(seed, count, with_culprit=with_culprit) == make_plan(seed, count, with_culprit=with_culprit)


@given(SEEDS, COUNTS)
def test_decoys_come_after_the_culprit_and_from_other_jobs(seed: int, count: int) -> None:
    """Every decoy is newer than the culprit, and no decoy commit is of its job."""
    plan = make_plan(seed, count)
    assert plan.culprit is not None
    assert plan.culprit.commit in HARMFUL
    assert all(decoy.day > plan.culprit.day for decoy in plan.decoys)
    assert all(decoy.job != plan.culprit.job for decoy in plan.decoys if decoy.commit)
    assert all(decoy.commit in HARMLESS for decoy in plan.decoys if decoy.commit)


@given(SEEDS, COUNTS)
def test_pipeline_breaks_in_the_last_week(seed: int, count: int) -> None:
    """So that it is still broken when the demo ends."""
    plan = make_plan(seed, count)
    assert plan.breakage is not None
    assert plan.breakage.day in plan.weeks[-1].days
    assert [task.job for task in replay(plan) if task.removes] == [plan.breakage.job]


@given(SEEDS, COUNTS)
def test_every_job_runs_every_day_once(seed: int, count: int) -> None:
    """However the weeks are cut by what changes, each job has each day in one process; training has the weeks' first days."""
    plan = make_plan(seed, count)
    days = [day for week in plan.weeks for day in week.days]
    for job in JOBS:
        covered = [day for task in replay(plan) if task.job == job for day in _days(task)]
        assert covered == days


@given(SEEDS, COUNTS)
def test_tasks_wait_only_for_tasks_before_them(seed: int, count: int) -> None:
    """The order of the tasks is one in which they can run."""
    done: set[str] = set()
    for task in [*backfill(), *replay(make_plan(seed, count))]:
        assert set(task.after) <= done
        assert task.key not in done
        done.add(task.key)


def test_quarter_has_all_its_days() -> None:
    """July to September of 2013 is 92 days in thirteen weeks."""
    assert len([day for week in weeks() for day in week.days]) == 92


def _days(task: Task) -> list[object]:
    return [task.first + timedelta(days=count) for count in range((task.end - task.first).days)]
