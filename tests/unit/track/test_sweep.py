"""A sweep, its trials, and the configuration that leads from a model back to the trial."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import RunEvent, VersionDescribed
from leadline.track.sweep import configuration
from leadline.track.testing import Captured, capture

SWEEP = track.node("JOB", "airflow://prod", "churn.search")


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


def search() -> track.Node:
    """Three trials, of which the second is best."""
    trials = {}
    with track.run("churn.search", "airflow://prod", owner="ml", mode="TEST") as sweep:
        for depth, auc in ((3, 0.7), (5, 0.9), (7, 0.8)):
            with sweep.trial({"tree": {"depth": depth}}) as trial:
                trial.input("s3://lake", "features", version="e1")
                trial.metric("auc", auc)
                trial.parameters(lr=0.1)
            trials[auc] = trial
        return sweep.choose(trials[max(trials)])


def test_trials_are_runs_below_their_sweep(captured: Captured) -> None:
    """One job for all of them, with parameters, metrics, and what the sweep was told."""
    search()
    sweep = captured.run("churn.search")
    trials = sweep.trials()
    assert [trial.parameters["tree.depth"] for trial in trials] == ["3", "5", "7"]
    assert [trial.metric("auc").value for trial in trials] == [0.7, 0.9, 0.8]
    assert {(trial.name, trial.namespace, trial.owner, trial.mode, trial.state) for trial in trials} == {
        ("churn.search.trial", "airflow://prod", "ml", "TEST", "COMPLETE")
    }


def test_the_chosen_configuration_leads_back_to_its_trial(captured: Captured) -> None:
    """It is an output of that trial alone, and of the sweep; the training reads it in that version."""
    chosen = search()
    with track.run("churn.train", "airflow://prod") as run:
        run.input(chosen)
        run.output(track.model("mlflow://prod", "churn", version="8"))
    assert captured.run("churn.train").input() == chosen
    makers = [run for run in captured.runs() if chosen in run.outputs()]
    assert [(run.name, run.parameters.get("tree.depth")) for run in makers] == [
        ("churn.search", None),
        ("churn.search.trial", "5"),
    ]
    assert (chosen.kind, chosen.namespace, chosen.name) == ("ARTIFACT", "airflow://prod", "churn.search.configuration")
    (described,) = captured.of(VersionDescribed)
    assert described.parameters == {"tree.depth": "5", "lr": "0.1"}
    assert (described.version, described.run_id) == (chosen.version, makers[1].run_id)


def test_what_a_trial_becomes_after_its_end_changes_no_state(captured: Captured) -> None:
    """The choice comes when all trials have ended: an addition, not a new life."""
    search()
    assert [event.event_type for event in captured.runs("churn.search.trial")[1].events] == ["START", "COMPLETE", "OTHER"]
    assert captured.runs("churn.search.trial")[1].state == "COMPLETE"


@given(st.dictionaries(st.text(), st.text(), max_size=5), st.randoms())
def test_the_same_parameters_are_the_same_configuration(parameters: dict[str, str], random: object) -> None:
    """In any order; other ones are another."""
    items = list(parameters.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert configuration(SWEEP, dict(items)) == configuration(SWEEP, parameters)
    assert configuration(SWEEP, parameters | {"\x00more": "1"}) != configuration(SWEEP, parameters)


def test_trials_in_threads_belong_to_their_sweep(captured: Captured) -> None:
    """As tuners run them: several at once, and in each its own run is current."""
    together = threading.Barrier(3, timeout=30)

    def work(sweep: track.Run, depth: int) -> None:
        with sweep.trial({"depth": depth}):
            together.wait()
            track.metric("auc", depth / 10)

    with track.run("search") as sweep, track.run("other"):
        threads = [threading.Thread(target=work, args=(sweep, depth)) for depth in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = {trial.parameters["depth"]: trial.metric("auc").value for trial in captured.run("search").trials()}
    assert found == {"0": 0.0, "1": 0.1, "2": 0.2}


def test_a_tuners_callback_reports_its_trials(captured: Captured) -> None:
    """When they have ended, under the tuner's own ids."""
    with track.run("search") as sweep:
        reported = {}
        for number, value in ((0, 0.7), (1, 0.9)):
            with sweep.trial({"depth": number}, run_id=f"study-{number}") as trial:
                trial.metric("objective", value)
            reported[number] = trial
        sweep.choose(reported[1])
    assert [run.run_id for run in captured.run("search").trials()] == ["study-0", "study-1"]


def test_what_is_no_trial_of_the_sweep_is_refused(captured: Captured) -> None:
    """Where it is given."""
    with track.run("search") as sweep, track.run("second") as second:
        never = sweep.trial({"depth": 1})
        with pytest.raises(UsageError, match="was not run"):
            sweep.choose(never)
        with pytest.raises(UsageError, match="is no trial of"):
            second.choose(never)
        with pytest.raises(UsageError, match="is no trial of"):
            sweep.choose(sweep)  # type: ignore[arg-type]


def test_additions_to_a_run_that_has_ended_are_sent(captured: Captured) -> None:
    """A thread that was late, or an output whose version is known only afterwards."""
    with track.run("j") as run:
        pass
    run.output("s3://lake", "late", version="9")
    run.tag("late")
    assert captured.run("j").output("late").version == "9"
    assert captured.run("j").tags == {"late": ""}
    assert captured.of(RunEvent)[-1].event_type == "OTHER"
