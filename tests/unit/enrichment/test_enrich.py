"""A transition and what history knew give the alert: pure."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.enrichment.enrich import PRODUCER, Contact, Known, RunFacts, enrich
from leadline.events.codec import encode_body
from leadline.events.records import Alert, AlertChange, DownstreamNode, OpenEpisode, Transition

NOON = 1_795_262_400_000_000
HOUR = 3_600_000_000


def transition(**changes: Any) -> Transition:
    """An opened episode of a model's AUC."""
    fields: dict[str, Any] = {
        "event_id": "t-1",
        "event_time": NOON,
        "producer": "leadline-bounds/0",
        "episode_id": "e-1",
        "series": "s-1",
        "bound_id": "churn/auc",
        "bound_version": 1,
        "bound_origin": "CODE",
        "transition": "opened",
        "ordinal": 1,
        "severity": "error",
        "kind": "MODEL",
        "namespace": "mlflow://prod",
        "name": "churn",
        "metric": "auc",
        "value": 0.81,
        "opened_at": NOON,
        "condition": "error below 0.85",
        "last_good_value": 0.9,
        "last_good_time": NOON - HOUR,
        "job_namespace": "airflow://prod",
        "job_name": "churn.validate",
        "run_id": "r-1",
    }
    return Transition(**{**fields, **changes})


def change(**changes: Any) -> AlertChange:
    fields: dict[str, Any] = {
        "kind": "JOB",
        "namespace": "airflow://prod",
        "name": "features",
        "what": "code.commit",
        "before": "aaa",
        "after": "bbb",
        "event_time": NOON - HOUR // 2,
        "job_namespace": "airflow://prod",
        "job_name": "features",
        "run_id": "r-0",
        "distance": 2,
    }
    return AlertChange(**{**fields, **changes})


def test_ids_are_the_transitions() -> None:
    """The alert has every field of the transition but owner and producer, so consumers can match the two."""
    source = transition()
    alert = enrich(source, Known())
    expected = {**msgspec.structs.asdict(source), "owner": "unowned", "producer": PRODUCER}
    assert {name: getattr(alert, name) for name in source.__struct_fields__} == expected


@pytest.mark.parametrize(
    ("bound", "node", "job", "expected"),
    [
        ("b", "n", "j", ("b", "bound")),
        ("", "n", "j", ("n", "node")),
        ("", "", "j", ("j", "job")),
        ("", "", "", ("unowned", "unowned")),
    ],
)
def test_owner_and_where_it_was_found(bound: str, node: str, job: str, expected: tuple[str, str]) -> None:
    """The bound's owner wins over the node's, that over the job's; nobody is said to be nobody."""
    alert = enrich(transition(owner=bound), Known(node=Contact(node), job=Contact(job)))
    assert (alert.owner, alert.owner_source) == expected


def test_lists_are_cut_and_counted() -> None:
    """At most ten downstream nodes are named, and all are counted."""
    downstream = [DownstreamNode(kind="DATASET", namespace="s3://x", name=str(i), distance=1) for i in range(25)]
    alert = enrich(transition(), Known(downstream=downstream))
    assert len(alert.downstream) == 10
    assert alert.downstream_count == 25


def test_last_good_comes_from_the_transition_when_history_is_silent() -> None:
    """A store that is away takes the last good value from nobody."""
    alert = enrich(transition(), Known(missing=["the store did not answer"]))
    assert alert.last_good is not None
    assert (alert.last_good.value, alert.last_good.event_time) == (0.9, NOON - HOUR)
    assert alert.missing == ["the store did not answer"]


def test_summary_says_all_that_matters() -> None:
    """One paragraph: what, bound, last good, run, place, code, error, owner, cause, what is broken upstream, who is hit."""
    known = Known(
        node=Contact("ml-team", "+49 30 1234"),
        run=RunFacts(state="FAIL", host="worker-7", code_commit="0123456789abcdef", error_message="No such file\nx.csv"),
        changes=[change(), change(what="parameter.depth")],
        upstream_open=[
            OpenEpisode(
                episode_id="e-0",
                kind="DATASET",
                namespace="s3://lake",
                name="raw",
                metric="rows",
                severity="warn",
                opened_at=NOON - HOUR,
                distance=3,
            )
        ],
        downstream=[DownstreamNode(kind="DATASET", namespace="s3://lake", name="campaign", distance=1, owner="crm")],
    )
    summary = enrich(transition(runbook_url="https://wiki/auc"), known).summary
    for part in (
        "ERROR opened: auc of model churn (mlflow://prod) is 0.81, error below 0.85.",
        "Last good: 0.9 at 2026-11-21T11:00:00Z.",
        "Run r-1 of churn.validate on worker-7, code 0123456789ab: FAIL.",
        "Error: No such file x.csv",
        "Owner: ml-team, on call: +49 30 1234.",
        "Already broken upstream: rows of raw since 2026-11-21T11:00:00Z.",
        "code.commit of features from aaa to bbb at 2026-11-21T11:30:00Z, 2 upstream (1 more).",
        "Downstream: campaign (crm).",
        "Runbook: https://wiki/auc",
    ):
        assert part in summary
    assert "\n" not in summary


def test_resolved_says_how_long_and_how_bad() -> None:
    """The end of an episode tells its length and its worst value."""
    alert = enrich(transition(transition="resolved", value=0.9, peak=0.7, opened_at=NOON - 3 * HOUR), Known())
    assert alert.summary.startswith("Resolved: auc of model churn (mlflow://prod) is 0.9 after 3 hours, at worst 0.7.")


@given(
    name=st.text(min_size=1).filter(lambda text: text.isprintable()),
    value=st.floats(),
    step=st.sampled_from(["opened", "escalated", "deescalated", "resolved", "closed", "respecified", "retracted"]),
)
def test_any_name_and_value_gives_an_alert(name: str, value: float, step: str) -> None:
    """Whatever the name and the value are, an alert comes out that Avro can hold, and the same one every time."""
    source = transition(name=name, value=value, transition=step)
    alert = enrich(source, Known(changes=[change()]))
    assert isinstance(alert, Alert)
    assert alert.name == name
    assert encode_body(alert) == encode_body(enrich(source, Known(changes=[change()])))
