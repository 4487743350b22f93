"""One event of OpenLineage as the events that Leadline makes of it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from leadline.events.ids import derived_id
from leadline.events.records import (
    ColumnEdge,
    EntityReported,
    Event,
    JobDeclared,
    MetricsReported,
    OpenLineageReceived,
    RunEvent,
    RunIo,
    VersionDescribed,
)

from .check import kind_of
from .columns import columns
from .data import Data, description, to_data
from .entities import owners, said_of_data, said_of_job
from .job import job_fields
from .moments import moment
from .readings import Measured, measured, verdicts_of_tests
from .run import event_type, run_fields
from .secrets import without_secrets
from .split import parts_of
from .surrogates import without_surrogates
from .tools import tool

PRODUCER = f"leadline-openlineage/{version('leadline')}"
_ROOM_OF_DECLARATION = 2_000_000
"""Characters of columns in the declaration of a job, which cannot be split."""


def to_events(document: Mapping[str, Any], warnings: Sequence[str] = ()) -> list[Event]:
    """What `check` has accepted, first of all as it came but for secrets.

    The same event gives the same ids, whatever the order of its keys and the spaces between them.
    """
    try:
        body = msgspec.json.encode(document, order="deterministic")
    except UnicodeEncodeError:
        document = without_surrogates(document)
        body = msgspec.json.encode(document, order="deterministic")
    identity = hashlib.sha256(body).hexdigest()
    cleaned = without_secrets(document)
    if cleaned is not document:
        body = msgspec.json.encode(cleaned, order="deterministic")
    received = _received(cleaned, body.decode(), identity, warnings)
    return [received, *_Maker(cleaned, received).events()]


def _received(document: Mapping[str, Any], body: str, identity: str, warnings: Sequence[str]) -> OpenLineageReceived:
    kind = kind_of(document)
    about = document["dataset" if kind == "DATASET" else "job"]
    producer, sent = document.get("producer"), document.get("eventType")
    return OpenLineageReceived(
        event_id=derived_id("openlineage", identity),
        event_time=moment(document["eventTime"]) or 0,
        producer=producer if isinstance(producer, str) else "",
        source=tool(document),
        kind=kind,
        namespace=about["namespace"],
        name=about["name"],
        run_id=document["run"]["runId"] if kind == "RUN" else "",
        event_type=sent if isinstance(sent, str) else "",
        body=body,
        warnings=list(warnings),
    )


class _Maker:
    """Ids are derived from the one of the event as it came, with what is made and its place."""

    def __init__(self, document: Mapping[str, Any], received: OpenLineageReceived) -> None:
        self._document = document
        self._received = received
        self._is_run = received.kind == "RUN"
        designed = received.kind == "DATASET"
        self._inputs = [] if designed else [to_data(one) for one in document.get("inputs") or []]
        self._outputs = [to_data(document["dataset"])] if designed else [to_data(one) for one in document.get("outputs") or []]
        self._job_facets = None if designed else document["job"].get("facets")
        self._run_facets = document["run"].get("facets") if self._is_run else None
        self._fields = run_fields(self._run_facets)
        self._job: dict[str, Any] = {} if designed else {"job_namespace": received.namespace, "job_name": received.name}
        self._run: dict[str, Any] = {**self._job, "run_id": received.run_id} if self._is_run else self._job
        self._when: dict[str, Any] = {"slot": self._fields.get("nominal_at")}
        self._when |= {field: self._fields[field] for field in ("mode", "attempt") if field in self._fields}

    def events(self) -> Iterator[Event]:
        match self._received.kind:
            case "RUN":
                yield from self._run_events()
            case "JOB":
                yield self._declared()
        yield from self._entities()
        if self._is_run:
            this = ("JOB", self._received.namespace, self._received.name)
            yield from self._reported(this, "", "tests", verdicts_of_tests(self._run_facets, this))
        for number, data in enumerate(self._data()):
            if told := description(data):
                yield VersionDescribed(**self._common("version", number), **self._run, **told)
            node = (data.io.kind, data.io.namespace, data.io.name)
            yield from self._reported(node, data.io.version, number, measured(data.said, node))

    def _common(self, *place: object) -> dict[str, Any]:
        return {
            "event_id": derived_id(self._received.event_id, *place),
            "event_time": self._received.event_time,
            "producer": PRODUCER,
            "source": self._received.source,
        }

    def _data(self) -> list[Data]:
        return [*self._inputs, *self._outputs]

    def _columns(self) -> Iterator[ColumnEdge]:
        kinds = {(data.io.namespace, data.io.name): data.io.kind for data in self._data()}
        for data in self._data():
            yield from columns(data.said, data.io, kinds)

    def _io(self) -> Iterator[tuple[str, RunIo]]:
        yield from (("inputs", data.io) for data in self._inputs)
        yield from (("outputs", data.io) for data in self._outputs)

    def _run_events(self) -> Iterator[RunEvent]:
        """A run's events add up: the last has all but what is too much for one, so that none but it ends the run."""
        fields = self._fields | job_fields(self._job_facets)
        if whose := owners(self._job_facets):
            fields["owner"] = whose[0][0]
        kind = event_type(self._document)
        pieces: list[tuple[str, RunIo | ColumnEdge]] = [*self._io(), *(("columns", edge) for edge in self._columns())]
        parts = list(parts_of(pieces, _size)) or [[]]
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            yield RunEvent(
                **self._common("run", number),
                **self._run,
                event_type=kind if last or kind == "START" else "RUNNING",
                **_by_field(part),
                **(fields if last else {"partial": fields.get("partial", False)}),
            )

    def _declared(self) -> JobDeclared:
        edges = parts_of(self._columns(), lambda edge: _size(("columns", edge)), _ROOM_OF_DECLARATION)
        declared = next(edges, [])
        if next(edges, None):
            self._received.warnings.append(f"/outputs: of the columns only the first {len(declared):,} were declared")
        return JobDeclared(
            **self._common("job"), **self._job, **_by_field(self._io()), columns=declared, **job_fields(self._job_facets)
        )

    def _entities(self) -> Iterator[EntityReported]:
        said = [one for data in self._data() for one in said_of_data(data.said, data.io)]
        if self._job:
            said += said_of_job(self._received.namespace, self._received.name, self._job_facets)
        for number, one in enumerate(said):
            yield EntityReported(**self._common("entity", number), **one._asdict())

    def _reported(
        self, node: tuple[str, str, str], of_version: str, place: object, found: list[Measured]
    ) -> Iterator[MetricsReported]:
        """A reading never travels without its bound."""
        for number, part in enumerate(parts_of(found, _size_measured)):
            yield MetricsReported(
                **self._common("metrics", place, number),
                **self._run,
                **self._when,
                kind=node[0],
                namespace=node[1],
                name=node[2],
                version=of_version,
                readings=[one.reading for one in part],
                bounds=[one.bound for one in part if one.bound is not None],
            )


def _by_field(pieces: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, piece in pieces:
        found.setdefault(field, []).append(piece)
    return found


def _size(piece: tuple[str, RunIo | ColumnEdge]) -> int:
    match piece[1]:
        case RunIo(namespace=namespace, name=name, version=of_version):
            return len(namespace) + len(name) + len(of_version) + 50
        case edge:
            source = len(edge.source_namespace) + len(edge.source_name) + len(edge.source_field)
            target = len(edge.target_namespace) + len(edge.target_name) + len(edge.target_field)
            return source + target + 30 * len(edge.transformations) + 50


def _size_measured(one: Measured) -> int:
    dims = sum(len(key) + len(value) for key, value in one.reading.dims.items())
    if one.bound is None:
        return len(one.reading.metric) + dims + 30
    return 3 * (len(one.reading.metric) + dims) + len(one.bound.message) + 150
