"""Explanations of small, made-up facts."""

import msgspec

from leadline.core.clock import DAY, HOUR
from leadline.history.explanation import facts
from leadline.history.explanation.explain import explain
from leadline.history.explanation.text import render

CRON, LAKE = "cron://x", "lake://x"
START = 1_372_636_800_000_000
DAYS = 60
SHIFT = 40


def _run(job: str, day: int, state: str = "COMPLETE", **more: object) -> facts.Run:
    at = START + day * DAY
    fields = {"run_id": f"{job}-{day}", "started_at": at, "ended_at": at + 10, "nominal_at": at} | more
    fields = {"host": "box-1", "owner": f"team-{job}"} | fields
    return facts.Run(job_namespace=CRON, job_name=job, state=state, **fields)  # type: ignore[arg-type]


def _io(job: str, day: int, direction: str, name: str) -> facts.RunIo:
    return facts.RunIo(f"{job}-{day}", CRON, job, direction, "DATASET", LAKE, name, f"{name}-v{day}")


def _change(what: str, job: str, day: int) -> facts.Change:
    return facts.Change(what, "a", "b", CRON, job, f"{job}-{day}", START + day * DAY)


def _wobble(day: int) -> float:
    return (day * 7919 % 13) / 13 * 0.1


def _facts(shift: float, changes: list[facts.Change]) -> facts.Facts:
    """Job `make` writes data, job `check` measures it, each day."""
    values = [0.5 + _wobble(day) + (shift if day >= SHIFT else 0.0) for day in range(DAYS)]
    readings = [
        facts.Reading("DATASET", LAKE, "data", "mean", value, START + day * DAY, START + day * DAY, job_namespace=CRON,
                      job_name="check", run_id=f"check-{day}")
        for day, value in enumerate(values)
    ]  # fmt: skip
    alert = facts.Alert("alert-1", "episode-1", "bound-1", "opened", "error", "DATASET", LAKE, "data", "mean", values[50],
                        START + 50 * DAY, START + 50 * DAY, threshold=0.65, slot=START + 50 * DAY, job_namespace=CRON,
                        job_name="check", run_id="check-50")  # fmt: skip
    return facts.Facts(
        alert=alert,
        readings=readings,
        runs=[_run(job, day) for job in ("make", "check", "other") for day in range(DAYS)],
        run_io=[_io("make", day, "OUTPUT", "data") for day in range(DAYS)]
        + [_io("check", day, "INPUT", "data") for day in range(DAYS)],
        changes=changes,
        contacts=[facts.Contact("DATASET", LAKE, "data", "team-data", "#data", "billing")],
    )


def test_change_at_the_shift_is_blamed() -> None:
    """The older commit at the place of the shift outranks a newer one; since when, effect and path are said."""
    found = explain(_facts(0.3, [_change("code.commit", "make", SHIFT), _change("code.commit", "check", 47)]))
    first = found.causes[0]
    assert (first.change.run_id, first.confidence) == (f"make-{SHIFT}", "high")
    assert first.path == ["make", "check"]
    assert found.shifted_at == first.first_reached == START + SHIFT * DAY
    assert first.effects[0].after - first.effects[0].before > 0.25
    assert len(found.affected) == DAYS - SHIFT


def test_nothing_is_blamed_for_what_is_no_shift() -> None:
    """Where the series is as it always was, changes are listed and none is blamed."""
    found = explain(_facts(0.0, [_change("code.commit", "make", SHIFT), _change("code.commit", "check", 47)]))
    assert {cause.confidence for cause in found.causes} == {"low"}
    assert "no change upstream explains it" in found.headline


def test_shift_away_from_all_changes_blames_none() -> None:
    """A shift that no known change is near is said to be one, and nobody is blamed."""
    found = explain(_facts(0.3, [_change("code.commit", "make", 20), _change("code.commit", "check", 49)]))
    assert {cause.confidence for cause in found.causes} == {"low"}
    assert found.shifted_at == START + SHIFT * DAY


def test_what_nobody_reported_is_said() -> None:
    """Where it began, since when, and what it looks like."""
    found = explain(_facts(0.3, [_change("code.commit", "make", 20)]))
    assert found.unreported is not None
    assert (found.unreported.job, found.unreported.since, found.unreported.shape) == ("check", START + SHIFT * DAY, "shift")
    assert "a shift that nobody reported, first seen at check 2013-08-10" in render(found)


def test_job_that_is_not_upstream_is_no_cause() -> None:
    """A commit of a job whose output nobody on the way reads is not even listed."""
    assert explain(_facts(0.3, [_change("code.commit", "other", SHIFT)])).causes == []


def test_shift_to_the_good_side_is_not_blamed() -> None:
    """A change that moved the metric away from the bound it left is not to blame for leaving it."""
    given = _facts(-0.3, [_change("code.commit", "make", SHIFT)])
    assert given.alert is not None
    found = explain(msgspec.structs.replace(given, alert=msgspec.structs.replace(given.alert, value=0.7)))
    assert found.causes[0].confidence == "low"


def test_order_of_the_facts_does_not_matter() -> None:
    """The same facts in any order give the same explanation."""
    given = _facts(0.3, [_change("code.commit", "make", SHIFT), _change("parameter.x", "check", 47)])
    turned = msgspec.structs.replace(
        given, readings=given.readings[::-1], runs=given.runs[::-1], run_io=given.run_io[::-1], changes=given.changes[::-1]
    )
    assert explain(turned) == explain(given)


def test_too_few_readings_are_said() -> None:
    """With next to nothing to compare with, the answer says so in place of guessing."""
    given = _facts(0.3, [_change("code.commit", "make", SHIFT)])
    found = explain(msgspec.structs.replace(given, readings=given.readings[45:52]))
    assert found.causes == []
    assert any("too few readings" in line for line in found.missing)


def test_failure_shows_root_followers_and_log() -> None:
    """The run that failed first is named with its error and its log; what failed after it too."""
    broken = _run("make", 70, "FAIL", error_type="FileNotFoundError", error_message="no data.csv")
    runs = [*_facts(0, []).runs, broken, _run("check", 70, "FAIL", error_type="KeyError", error_message="data")]
    line = facts.LogLine(CRON, "make", "make-70", START, "ERROR", "make", "cannot read data.csv")
    given = msgspec.structs.replace(_facts(0, []), alert=None, runs=runs, logs=[line])
    check = explain(msgspec.structs.replace(given, subject=(CRON, "check", "check-70")))
    make = explain(msgspec.structs.replace(given, subject=(CRON, "make", "make-70")))
    assert check.failure is not None
    assert check.failure.root == broken
    assert check.logs == [line]
    assert make.failure is not None
    assert [run.job_name for run in make.failure.followers] == ["check"]
    assert "no data.csv" in check.headline


def test_a_later_try_of_the_slot_is_told() -> None:
    """One that succeeded before a newer one that failed; of another slot or of a test it is none."""
    begun = START + 70 * DAY
    tries = {
        "failed": _run("make", 70, "FAIL"),
        "again": _run("make", 70, "COMPLETE", run_id="again", started_at=begun + 3 * HOUR),
        "newest": _run("make", 70, "FAIL", run_id="newest", started_at=begun + 5 * HOUR),
        "test": _run("make", 70, "COMPLETE", run_id="test", started_at=begun + 6 * HOUR, mode="TEST"),
        "tomorrow": _run("make", 71, "COMPLETE"),
    }

    def told(*names: str) -> str:
        given = facts.Facts(alert=None, runs=[tries[name] for name in names], subject=tries["failed"].key)
        failure = explain(given).failure
        assert failure is not None
        return failure.later_try.run_id if failure.later_try else ""

    assert told("failed", "tomorrow", "test") == ""
    assert told("failed", "newest", "tomorrow") == "newest"
    assert told("newest", "again", "failed") == "again"
    text = render(explain(facts.Facts(alert=None, runs=list(tries.values()), subject=tries["failed"].key)))
    assert "tried again  make again about" in text


def test_text_has_what_a_person_needs() -> None:
    """Value, bound, since when, run, host, owner, commit before and after, days affected and consumers are all in the text."""
    text = render(explain(_facts(0.3, [_change("code.commit", "make", SHIFT)])))
    for part in ("above 0.65", "2013-08-10", "make-40", "box-1", "team-data #data", "a -> b", "20 readings", "billing"):
        assert part in text


def test_explanation_is_json() -> None:
    """Programs can read it."""
    assert msgspec.json.decode(msgspec.json.encode(explain(_facts(0.3, []))))["headline"]
