"""What is asked of jobs, what of it is missing, and the readings of it."""

import pytest

from leadline.core.clock import DAY
from leadline.core.errors import UsageError
from leadline.events.validate import validate
from leadline.history.completeness.judge import JobFacts, Missing, by_owner, judge
from leadline.history.completeness.policy import DEFAULT, REQUIREMENTS, Policy, parse_policy
from leadline.history.completeness.report import MISSING, SHARE, readings
from leadline.history.node import NodeRef, job

NOW = 1_795_262_400_000_000
SCORE = job("airflow://prod", "score")
WHOLE = JobFacts(
    job=SCORE,
    owner="ml",
    on_call="+49 30 1",
    description="Scores",
    code="abc",
    inputs=1,
    outputs=1,
    bounds=1,
    last_success=NOW - DAY,
)
POLICY = parse_policy(DEFAULT, "default")


def facts(**changed: object) -> JobFacts:
    return JobFacts(**{name: getattr(WHOLE, name) for name in JobFacts.__struct_fields__} | changed)


def test_the_default_asks_everything() -> None:
    assert tuple(POLICY.require) == REQUIREMENTS


def test_nothing_is_missing_of_a_whole_job() -> None:
    (judged,) = judge([WHOLE], POLICY, NOW)
    assert (judged.share, judged.missing) == (1.0, [])


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"owner": ""}, Missing("owner")),
        ({"on_call": ""}, Missing("on_call")),
        ({"code": ""}, Missing("code")),
        ({"inputs": 0}, Missing("inputs")),
        ({"unpinned": [NodeRef("DATASET", "s3://lake", "raw")]}, Missing("input_versions", "raw")),
        ({"outputs": 0}, Missing("outputs")),
        ({"bounds": 0}, Missing("bound")),
        ({"description": ""}, Missing("documentation")),
        ({"last_success": None}, Missing("success", "never")),
        ({"last_success": NOW - 8 * DAY}, Missing("success", "not since 2026-11-13T12:00:00Z")),
    ],
)
def test_what_is_missing_is_named(changed: dict[str, object], missing: Missing) -> None:
    """Each requirement by itself, with what makes it so."""
    (judged,) = judge([facts(**changed)], POLICY, NOW)
    assert judged.missing == [missing]
    assert judged.share == pytest.approx(8 / 9)


def test_exceptions_ask_less() -> None:
    """Of the jobs that fit a pattern; of which nothing is asked any more are left out."""
    policy = parse_policy(
        """
        require = ["owner", "inputs"]
        [[exception]]
        jobs = ["airflow://prod/ingest_*"]
        without = ["inputs"]
        because = "they read from outside"
        [[exception]]
        jobs = ["airflow://dev/*"]
        """,
        "t",
    )
    jobs = [job("airflow://prod", "ingest_a"), job("airflow://dev", "x"), SCORE]
    judged = judge([JobFacts(job=one, owner="ml") for one in jobs], policy, NOW)
    assert [(one.job.name, one.asked) for one in judged] == [("score", ["owner", "inputs"]), ("ingest_a", ["owner"])]


@pytest.mark.parametrize("text", ["require = [", 'require = ["owne"]', "", "require = []\nsuccess_within_day = 1"])
def test_a_wrong_file_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"my\.toml"):
        parse_policy(text, "my.toml")


def test_owners_are_summed_up() -> None:
    """Over all that is asked of their jobs; nobody is one of them."""
    judged = judge(
        [facts(), facts(job=job("a", "b"), bounds=0, code=""), facts(job=job("a", "c"), owner="")],
        Policy(["owner", "bound"]),
        NOW,
    )
    assert [(one.owner, one.jobs, one.complete, one.share) for one in by_owner(judged)] == [("", 1, 0, 0.5), ("ml", 2, 1, 0.75)]


def test_readings_tell_each_requirement() -> None:
    """1 where it is missing; what is not asked is not measured; the same report is the same events."""
    judged = judge([facts(bounds=0)], Policy(["owner", "bound"]), NOW)
    (event,) = readings(judged, NOW)
    validate(event)
    told = {(one.metric, *one.dims.values()): one.value for one in event.readings}
    assert told == {(SHARE,): 0.5, (MISSING, "owner"): 0.0, (MISSING, "bound"): 1.0}
    assert (event.kind, event.namespace, event.name) == ("JOB", "airflow://prod", "score")
    assert [event] == list(readings(judged, NOW))
