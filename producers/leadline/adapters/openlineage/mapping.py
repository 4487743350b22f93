"""One event of OpenLineage as the events that Leadline makes of it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from leadline.events.ids import derived_id
from leadline.events.records import (
    BoundSpec,
    ColumnEdge,
    EntityReported,
    Event,
    JobDeclared,
    MetricsReported,
    OpenLineageReceived,
    Reading,
    RunEvent,
    RunIo,
)

from .check import kind_of
from .columns import columns
from .data import description, to_io
from .entities import owners, said_of_data, said_of_job
from .job import job_fields
from .moments import moment
from .readings import assertions, check_readings, metrics, tests
from .run import event_type, run_fields
from .secrets import without_secrets
from .shape import Facet, facet
from .tools import tool

PRODUCER = f"leadline-openlineage/{version('leadline')}"
_MOST = 2_000
"""Inputs, outputs or columns in one event; more are told in further events of the same run."""


def to_events(document: Mapping[str, Any], warnings: Sequence[str] = ()) -> list[Event]:
    """What `check` has accepted, first of all as it came. The same event gives the same ids, whatever the order of its keys."""
    body = msgspec.json.encode(document, order="deterministic")
    document = without_secrets(document, body.decode())
    received = _received(document, hashlib.sha256(body).hexdigest(), warnings)
    return [received, *_Maker(document, received).events()]


def _received(document: Mapping[str, Any], digest: str, warnings: Sequence[str]) -> OpenLineageReceived:
    kind = kind_of(document)
    about = document["dataset" if kind == "DATASET" else "job"]
    producer, sent = document.get("producer"), document.get("eventType")
    return OpenLineageReceived(
        event_id=derived_id("openlineage", digest),
        event_time=moment(document["eventTime"]) or 0,
        producer=producer if isinstance(producer, str) else "",
        source=tool(document),
        kind=kind,
        namespace=about["namespace"],
        name=about["name"],
        run_id=document["run"]["runId"] if kind == "RUN" else "",
        event_type=sent if isinstance(sent, str) else "",
        body=msgspec.json.encode(document, order="deterministic").decode(),
        warnings=list(warnings),
    )


def _ios(data: list[Facet]) -> list[tuple[Facet, RunIo]]:
    return [(one, to_io(one)) for one in data]


def _nodes(data: list[tuple[Facet, RunIo]]) -> list[RunIo]:
    return [io for _, io in data]


def _parts(
    inputs: list[RunIo], outputs: list[RunIo], edges: list[ColumnEdge]
) -> Iterator[tuple[list[RunIo], list[RunIo], list[ColumnEdge]]]:
    for start in range(0, max(len(inputs), len(outputs), len(edges), 1), _MOST):
        part = slice(start, start + _MOST)
        yield inputs[part], outputs[part], edges[part]


class _Maker:
    """Ids are derived from the one of the event as it came, with what is made and its place."""

    def __init__(self, document: Mapping[str, Any], received: OpenLineageReceived) -> None:
        self._document = document
        self._received = received
        self._inputs = _ios(document.get("inputs") or [])
        self._outputs = _ios(document.get("outputs") or [])
        self._slot: int | None = None
        self._run: dict[str, Any] = {}
        if received.kind == "RUN":
            self._slot = moment(facet(document["run"].get("facets"), "nominalTime").get("nominalStartTime"))
        if received.kind != "DATASET":
            self._run = {"job_namespace": received.namespace, "job_name": received.name, "run_id": received.run_id}

    def events(self) -> Iterator[Event]:
        match self._received.kind:
            case "RUN":
                yield from self._run_events()
            case "JOB":
                yield self._declared()
        yield from self._entities()
        for number, (data, io) in enumerate(self._data()):
            yield from self._about(number, data, io)

    def _common(self, *place: object) -> dict[str, Any]:
        return {
            "event_id": derived_id(self._received.event_id, *place),
            "event_time": self._received.event_time,
            "producer": PRODUCER,
            "source": self._received.source,
        }

    def _data(self) -> list[tuple[Facet, RunIo]]:
        return _ios([self._document["dataset"]]) if self._received.kind == "DATASET" else [*self._inputs, *self._outputs]

    def _columns(self) -> list[ColumnEdge]:
        return [edge for data, io in self._data() for edge in columns(data, io)]

    def _run_events(self) -> Iterator[RunEvent]:
        """The first has everything but what is too much for one; a run's events add up."""
        job_facets, run_facets = self._document["job"].get("facets"), self._document["run"].get("facets")
        fields = run_fields(run_facets) | job_fields(job_facets)
        whose = owners(job_facets)
        if whose:
            fields["owner"] = whose[0][0]
        kind = event_type(self._document)
        parts = list(_parts(_nodes(self._inputs), _nodes(self._outputs), self._columns()))
        for number, (inputs, outputs, edges) in enumerate(parts):
            last = number == len(parts) - 1
            yield RunEvent(
                **self._common("run", number),
                **self._run,
                event_type=kind if last or kind == "START" else "RUNNING",
                inputs=inputs,
                outputs=outputs,
                columns=edges,
                **(fields if last else {"partial": fields["partial"]}),
            )

    def _declared(self) -> JobDeclared:
        return JobDeclared(
            **self._common("job"),
            job_namespace=self._received.namespace,
            job_name=self._received.name,
            inputs=_nodes(self._inputs),
            outputs=_nodes(self._outputs),
            columns=self._columns(),
            **job_fields(self._document["job"].get("facets")),
        )

    def _entities(self) -> Iterator[Event]:
        said = [one for data, _ in self._data() for one in said_of_data(data)]
        if self._received.kind != "DATASET":
            said += said_of_job(self._received.namespace, self._received.name, self._document["job"].get("facets"))
        for number, one in enumerate(said):
            yield EntityReported(
                **self._common("entity", number),
                kind=one.kind,
                namespace=one.namespace,
                name=one.name,
                aspect=one.aspect,
                values=one.values,
                deleted=one.deleted,
            )
        if self._received.kind == "RUN":
            this = ("JOB", self._received.namespace, self._received.name)
            readings, bounds = check_readings(tests(self._document["run"].get("facets")), this)
            yield from self._reported(RunIo(kind=this[0], namespace=this[1], name=this[2]), "tests", readings, bounds)

    def _about(self, number: int, data: Facet, io: RunIo) -> Iterator[Event]:
        told = description(data, io, **self._common("version", number), **self._run)
        if told is not None:
            yield told
        readings, bounds = check_readings(assertions(data), (io.kind, io.namespace, io.name))
        yield from self._reported(io, number, [*metrics(data), *readings], bounds)

    def _reported(
        self, io: RunIo, place: object, readings: list[Reading], bounds: list[BoundSpec]
    ) -> Iterator[MetricsReported]:
        if readings:
            yield MetricsReported(
                **self._common("metrics", place),
                **self._run,
                kind=io.kind,
                namespace=io.namespace,
                name=io.name,
                version=io.version,
                readings=readings,
                bounds=bounds,
                slot=self._slot,
            )
