"""A small pipeline, from raw data over features and a model to predictions, with all that an auditor asks about."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from leadline.events.records import (
    BoundSpec,
    ColumnProfile,
    DecisionRecorded,
    EdgeObserved,
    EntityReported,
    Event,
    Reading,
    RunIo,
    VersionDescribed,
)

from .facts import DAY, HOUR, NOON, PRODUCER, alert, edge, io, metrics, run_event

Ios = Sequence[RunIo]
HOSTILE = "<script>alert(1)</script>|`x`\x1b[31m\n\u202e&amp;"
MODEL: dict[str, Any] = {"kind": "MODEL", "namespace": "mlflow://prod", "name": "churn"}


def governed() -> Iterator[Event]:
    yield from _run("ingest", "i-1", NOON, writes=[io("raw", version="2026-11-20")], code_commit="c0ffee", code_dirty=True)
    yield from _run("features", "f-1", NOON + 2 * HOUR, [io("raw"), io(HOSTILE, version="h1")], [io("features", version="9f2")])
    yield from _run(
        "train",
        "t-1",
        NOON + 4 * HOUR,
        [io("features", version="9f2"), io("labels")],
        [io("churn", "MODEL", "mlflow://prod", "7")],
        code_repository="git@example.org:ml/churn",
        code_commit="3f2a9c1",
        parameters={"depth": "6", "seed": "1"},
        actor="svc-train",
        host="gpu-3",
    )
    for day in range(3):
        yield from _run(
            "score",
            f"s-{day}",
            NOON + 6 * HOUR + day * DAY,
            [io("churn", "MODEL", "mlflow://prod", "7")],
            [io("predictions", version=f"p{day}")],
            code_hash="ab12",
        )
    yield from _said()
    yield from _edges()


def _run(job: str, run_id: str, at: int, reads: Ios = (), writes: Ios = (), **fields: object) -> Iterator[Event]:
    yield run_event(job, run_id, "START", at, inputs=list(reads), **fields)
    yield run_event(job, run_id, "COMPLETE", at + HOUR, outputs=list(writes))


def _said() -> Iterator[Event]:
    yield _entity("ownership", NOON, owner="ml-team", on_call="+49 30 1")
    yield _entity("ownership", NOON + 5 * DAY, owner="later-team")
    yield _entity("documentation", NOON, description="Who will leave")
    bound = BoundSpec(bound_id="auc", metric="auc", error_lower=0.85, warn_lower=0.9)
    measured = metrics("churn", NOON + 5 * HOUR, Reading(metric="auc", value=0.87), kind="MODEL", version="7", bounds=[bound])
    yield replace(measured, namespace="mlflow://prod")
    later = metrics("churn", NOON + 5 * DAY, Reading(metric="auc", value=0.2), kind="MODEL", version="7")
    yield replace(later, namespace="mlflow://prod")
    yield metrics("predictions", NOON + 8 * HOUR, Reading(metric="mean", value=0.31))
    yield alert("a-1", "e-1", "opened", NOON + 8 * HOUR)
    for at, action in ((NOON + 5 * HOUR, "PROMOTE"), (NOON + 5 * DAY, "ROLL_BACK")):
        yield DecisionRecorded(
            event_id=action, event_time=at, producer=PRODUCER, **MODEL, version="7", action=action, actor="eve", reason="better"
        )
    yield VersionDescribed(
        event_id="described",
        event_time=NOON + 5 * HOUR,
        producer=PRODUCER,
        **MODEL,
        version="7",
        class_name="sklearn.ensemble.RandomForestClassifier",
        content_hash="sha256:77",
        columns=[ColumnProfile(name="age", type="int64")],
    )


def _entity(aspect: str, at: int, **values: str) -> EntityReported:
    return EntityReported(
        event_id=f"{aspect}/{at}", event_time=at, producer=PRODUCER, **MODEL, aspect=aspect, values=values, actor="ada"
    )


def _edges() -> Iterator[EdgeObserved]:
    """As the lineage processor would; crm was never read by a run that is known here."""
    yield edge("crm", "raw", "ingest", NOON)
    yield edge("raw", "features", "features", NOON)
    yield replace(edge("features", "churn", "train", NOON), target_kind="MODEL", target_namespace="mlflow://prod")
    yield replace(edge("churn", "predictions", "score", NOON), source_kind="MODEL", source_namespace="mlflow://prod")
    yield edge("predictions", "campaign", "mailing", NOON + DAY, NOON + 4 * DAY)
