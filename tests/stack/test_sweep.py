"""From a model back to the trial that found its configuration, as the store answers it: captured events, the lineage
processor's pure function, the sink's inlets, and the walk that people use.
"""

from collections.abc import Iterator

import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.events.records import Event, MetricsReported, RunEvent
from leadline.history.connection import reading
from leadline.history.lineage import walk
from leadline.history.node import NodeRef
from leadline.history.runs import get_run, run_details, runs_of_data
from leadline.lineage.graph import step
from leadline.lineage.state import Job
from leadline.track.testing import capture

from .facts import put, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("sweep")) as settings:
        yield settings


def reported() -> list[Event]:
    """What a tuner, a training and a scoring say; and what the lineage worker makes of it."""
    with capture() as captured:
        with track.run("churn.search", "airflow://prod") as sweep:
            trials = {}
            for depth, auc in ((3, 0.7), (5, 0.9), (7, 0.8)):
                with sweep.trial({"depth": depth}) as trial:
                    trial.input("s3://lake", "features", version="e1")
                    trial.metric("auc", auc)
                trials[auc] = trial
            configuration = sweep.choose(trials[0.9])
        with track.run("churn.train", "airflow://prod") as train:
            train.input(configuration)
            train.output(track.model("mlflow://prod", "churn", version="8"))
        events = [event for event in captured.events() if isinstance(event, RunEvent | MetricsReported)]
    jobs: dict[str, Job] = {}
    derived: list[Event] = []
    for event in events:
        if isinstance(event, RunEvent):
            jobs[event.job_name], found = step(jobs.get(event.job_name), event, event.event_time)
            derived += found
    return [*events, *derived]


def test_lineage_leads_from_a_model_to_the_trial_behind_it(store: Settings) -> None:
    """Model, training, configuration, trial, its parameters and metrics; not the trials that lost."""
    put(store, reported())
    with reading(store) as client:
        model, configuration = NodeRef("MODEL", "mlflow://prod", "churn"), "churn.search.configuration"
        way = walk(client, model, "up")
        reached = {(found.kind, found.name) for found in way.nodes}
        assert {("ARTIFACT", configuration), ("JOB", "churn.train"), ("JOB", "churn.search.trial")} <= reached
        assert ("JOB", "churn.search") in reached
        (edge,) = [edge for edge in way.edges if edge.target == model]
        assert (edge.source.name, edge.job.name) == (configuration, "churn.train")
        makers = {run.job.name: run for run in runs_of_data(client, edge.source, "OUTPUT")}
        assert set(makers) == {"churn.search", "churn.search.trial"}
        trial = get_run(client, makers["churn.search.trial"].job, makers["churn.search.trial"].run_id)
        assert trial is not None
        assert trial.state == "COMPLETE"
        assert trial.parent_job_name == "churn.search"
        details = run_details(client, trial)
        assert details.extent.parameters == {"depth": "5"}
        auc = client.query(
            "SELECT value FROM leadline.readings WHERE metric = 'auc' AND run_id = {run:String}",
            parameters={"run": trial.run_id},
        ).result_rows
        assert auc == [(0.9,)]
