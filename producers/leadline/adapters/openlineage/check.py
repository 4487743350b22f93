"""Whether an event can be used, and what the specification would not allow but real producers send.

The rules are those of OpenLineage 2-0-2; required is only what the meaning hangs on. They are written out, not read from its
JSON schema: of a whole event a validator says that it is none of three, and it takes as long as all the rest.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from leadline.events.records.run import EVENT_TYPES

from .fault import Fault, Unusable, pointed
from .moments import has_zone, moment

_MAX_WARNINGS = 20
_TIME = "it must be a date and time between 1970 and 2200 such as 2026-11-21T08:00:00Z"


def check(document: object) -> list[str]:
    """Warnings, each as "POINTER: sentence", at most 20. Raises Unusable, with every fault that was found."""
    if not isinstance(document, dict):
        raise Unusable([Fault("", "it must be an object: a RunEvent, JobEvent or DatasetEvent")])
    faults = list(_faults(document))
    if faults:
        raise Unusable(faults)
    return [warning for warning, _ in zip(_warnings(document), range(_MAX_WARNINGS), strict=False)]


def kind_of(document: Mapping[str, Any]) -> str:
    """RUN, JOB or DATASET, by what the event has; empty: none of them."""
    if "run" in document:
        return "RUN"
    return "JOB" if "job" in document else "DATASET" if "dataset" in document else ""


def _faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    kind = kind_of(document)
    if not kind:
        yield Fault("", "it has neither run, job nor dataset: it is none of OpenLineage's events")
        return
    if moment(document.get("eventTime")) is None:
        yield Fault("/eventTime", f"{_what(document.get('eventTime'))}; {_TIME}")
    if kind == "RUN":
        yield from _named(document, "", "run", ("runId",))
    if kind == "DATASET":
        yield from _named(document, "", "dataset", ("namespace", "name"))
        return
    yield from _named(document, "", "job", ("namespace", "name"))
    for side in ("inputs", "outputs"):
        data = document.get(side)
        if data is not None and not isinstance(data, list):
            yield Fault(f"/{side}", f"{_what(data)}; it must be an array of datasets")
            continue
        for number in range(len(data or [])):
            yield from _named(data or [], f"/{side}", number, ("namespace", "name"))


def _named(parent: Any, at: str, part: str | int, fields: tuple[str, ...]) -> Iterator[Fault]:
    """Faults of an object that must have these texts."""
    pointer = pointed(at, part)
    value = parent.get(part) if isinstance(parent, dict) else parent[part]
    if not isinstance(value, dict):
        yield Fault(pointer, f"{_what(value)}; it must be an object with {' and '.join(fields)}")
        return
    for field in fields:
        text = value.get(field)
        if not isinstance(text, str) or not text:
            yield Fault(pointed(pointer, field), f"{_what(text)}; it must be a text that names it")


def _what(value: object) -> str:
    if value is None:
        return "it is missing"
    return "it is empty" if value == "" else f"it is {str(value)[:40]!r}"


def _warnings(document: Mapping[str, Any]) -> Iterator[str]:
    producer = document.get("producer")
    if not isinstance(producer, str) or "://" not in producer:
        yield f"/producer: {_what(producer)}; it should be a URI"
    if not isinstance(document.get("schemaURL"), str):
        yield f"/schemaURL: {_what(document.get('schemaURL'))}; it should say which version of OpenLineage this is"
    if not has_zone(document["eventTime"]):
        yield "/eventTime: it has no zone; it was taken as UTC"
    if kind_of(document) == "RUN":
        if not _is_uuid(document["run"]["runId"]):
            yield "/run/runId: it is no UUID"
        if document.get("eventType") not in EVENT_TYPES:
            yield f"/eventType: {_what(document.get('eventType'))}; it should be one of {', '.join(EVENT_TYPES)}"
    for pointer, facets in _facets(document):
        if not isinstance(facets, dict):
            yield f"{pointer}: {_what(facets)}; it should be an object"
            continue
        for name, facet in facets.items():
            if not isinstance(facet, dict):
                yield f"{pointed(pointer, name)}: it is no object; it was kept and not read"
            elif not isinstance(facet.get("_producer"), str) or not isinstance(facet.get("_schemaURL"), str):
                yield f"{pointed(pointer, name)}: it should have _producer and _schemaURL"


def _facets(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for part in ("run", "job", "dataset"):
        if part in document and document[part].get("facets") is not None:
            yield f"/{part}/facets", document[part]["facets"]
    for side, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
        for number, data in enumerate(document.get(side) or []):
            for field in ("facets", own):
                if data.get(field) is not None:
                    yield f"/{side}/{number}/{field}", data[field]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
