"""Explanations of what the running stack has seen."""

import contextlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from clickhouse_connect.driver.client import Client

from leadline import track
from leadline.core.settings import Settings
from leadline.events.ids import new_id
from leadline.history.alerts import alert_events
from leadline.history.connection import connect
from leadline.history.explain_facts import explain_alert, explain_run
from leadline.history.explanation.text import render
from leadline.history.node import NodeRef
from leadline.history.runs import list_runs

from ..conftest import wait_until

pytestmark = pytest.mark.stack

FIRST = date(2013, 1, 1)
SHIFT, DAYS = 30, 45


@pytest.fixture
def client(stack: Settings) -> Iterator[Client]:
    found = connect(stack)
    yield found
    found.close()


@pytest.fixture
def place(stack: Settings) -> Iterator[str]:
    """A namespace of this test's own, with a producer that reports to the stack."""
    track.configure(stack)
    yield f"explain://{new_id()}"
    track.configure(disabled=True)


def _day(place: str, number: int) -> None:
    """`make` writes, with another setting from SHIFT on; `check` measures what it wrote."""
    slot, version = FIRST + timedelta(days=number), f"v{number}"
    shifted = number >= SHIFT
    with track.run("make", place, slot=slot, mode="LIVE", parameters={"scale": 2 if shifted else 1}) as run:
        data = run.output(place, "data", version)
    with track.run("check", place, slot=slot, mode="LIVE", owner="checkers") as run:
        run.input(data)
        run.metric("mean", number * 7919 % 13 / 100 + (0.5 if shifted else 0.0), of=data).bound(upper=0.6)


def test_alert_is_explained_by_the_change_at_the_shift(client: Client, place: str) -> None:
    """From SQL alone: the parameter that changed where the metric shifted is blamed, days before the alert."""
    for number in range(DAYS):
        _day(place, number)
    assert track.flush(30)
    data = NodeRef("DATASET", place, "data")
    wait_until(lambda: alert_events(client, node=data), seconds=60, what="the alert")
    wait_until(lambda: len(list_runs(client, states=("COMPLETE",), job_name="check")) >= DAYS, seconds=60, what="the runs")
    opened = min(alert_events(client, node=data), key=lambda alert: alert.event_time)

    found = None

    def blamed() -> bool:
        nonlocal found
        found = explain_alert(client, opened.alert_id)
        return bool(found.causes) and len(found.affected) == DAYS - SHIFT

    wait_until(blamed, seconds=60, what="the change to be blamed")
    assert found is not None
    assert (found.causes[0].change.what, found.causes[0].confidence) == ("parameter.scale", "high")
    assert (found.causes[0].change.before, found.causes[0].change.after) == ("1", "2")
    assert found.causes[0].path == ["make", "check"]
    assert "2013-01-31" in render(found)


def test_failed_run_is_explained_by_the_one_before_it(client: Client, place: str) -> None:
    """The job upstream that failed first is the root, with its error and its log."""
    _day(place, 0)
    with contextlib.suppress(FileNotFoundError), track.run("make", place, slot=FIRST + timedelta(days=1), mode="LIVE") as make:
        make.log("cannot read the landing zone", "ERROR")
        raise FileNotFoundError("landing/2013-01-02.csv")
    with contextlib.suppress(KeyError), track.run("check", place, slot=FIRST + timedelta(days=1), mode="LIVE") as check:
        check.input(place, "data")
        raise KeyError("data")
    assert track.flush(30)

    def failed() -> bool:
        mine = [run for run in list_runs(client, states=("FAIL",)) if run.job_namespace == place]
        runs = {run.job_name: run for run in mine}
        if len(runs) < 2:
            return False
        failure = explain_run(client, runs["check"])
        return bool(failure.failure and failure.failure.root and failure.logs and failure.failure.last_success)

    wait_until(failed, seconds=60, what="the failure, its root and its log")
    check_run = next(run for run in list_runs(client, states=("FAIL",), job_name="check") if run.job_namespace == place)
    found = explain_run(client, check_run)
    assert found.failure is not None
    assert found.failure.root is not None
    assert (found.failure.root.job_name, found.failure.root.error_type) == ("make", "FileNotFoundError")
    assert "cannot read the landing zone" in [line.message for line in found.logs]
