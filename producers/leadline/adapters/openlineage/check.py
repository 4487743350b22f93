"""Whether an event can be used, and what the specification would not allow but real producers send.

The rules are those of OpenLineage 2-0-2; required is only what the meaning hangs on. They are written out, not read from its
JSON schema: what that requires is mostly a warning here, and each fault needs a sentence that says what to do.
"""

import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from leadline.events.records.run import EVENT_TYPES

from .facet_shapes import misshapen
from .fault import Fault, Unusable, pointed
from .moments import has_zone, moment
from .surrogates import LONE

_MAX_FAULTS = 100
_MAX_WARNINGS = 20
_MAX_NAME = 8_192
"""Characters; the producer library has the same limit."""
_TYPES = tuple(one for one in EVENT_TYPES if one != "LOST")
_TIME = "it must be a date and time between 1970 and 2200 such as 2026-11-21T08:00:00Z"


def check(document: object) -> list[str]:
    """Warnings, each as "POINTER: sentence", at most 20. Raises Unusable, with the first 100 faults."""
    if not isinstance(document, dict):
        raise Unusable([Fault("", f"it is {_shown(document)}; it must be an object: a RunEvent, JobEvent or DatasetEvent")])
    faults = list(islice(_faults(document), _MAX_FAULTS))
    if faults:
        raise Unusable(faults)
    return [LONE.sub("\ufffd", warning) for warning in islice(_warnings(document), _MAX_WARNINGS)]


def kind_of(document: Mapping[str, Any]) -> str:
    """RUN, JOB or DATASET, by what the event has; empty: none of them."""
    for part, kind in (("run", "RUN"), ("job", "JOB"), ("dataset", "DATASET")):
        if document.get(part) is not None:
            return kind
    return ""


def _faults(document: Mapping[str, Any]) -> Iterator[Fault]:
    kind = kind_of(document)
    if moment(document.get("eventTime")) is None:
        yield Fault("/eventTime", f"{_what(document.get('eventTime'))}; {_TIME}")
    if not kind:
        yield Fault(
            "", "it has neither run, job nor dataset; give run and job (RunEvent), job (JobEvent) or dataset (DatasetEvent)"
        )
        return
    if kind == "RUN":
        yield from _named(document.get("run"), "/run", ("runId",))
    if kind == "DATASET":
        yield from _named(document.get("dataset"), "/dataset", ("namespace", "name"))
        return
    yield from _named(document.get("job"), "/job", ("namespace", "name"))
    for side in ("inputs", "outputs"):
        data = document.get(side)
        if data is not None and not isinstance(data, list):
            yield Fault(f"/{side}", f"{_what(data)}; it must be an array of datasets")
        else:
            for number, one in enumerate(data or ()):
                yield from _named(one, f"/{side}/{number}", ("namespace", "name"))


def _named(value: object, pointer: str, fields: tuple[str, ...]) -> Iterator[Fault]:
    """Faults of an object that must have these texts."""
    if not isinstance(value, dict):
        yield Fault(pointer, f"{_what(value)}; it must be an object with {' and '.join(fields)}")
        return
    for field in fields:
        text = value.get(field)
        if not isinstance(text, str) or not text:
            yield Fault(pointed(pointer, field), f"{_what(text)}; it must be a text that names it")
        elif "\0" in text or (not text.isascii() and LONE.search(text)):
            yield Fault(pointed(pointer, field), f"{_what(text)}; leave out the NUL or half of a surrogate pair in it")
        elif len(text) > _MAX_NAME:
            yield Fault(pointed(pointer, field), f"it has {len(text):,} characters; a name has at most {_MAX_NAME:,}")


def _what(value: object) -> str:
    if value is None:
        return "it is missing"
    return "it is empty" if value == "" else f"it is {_shown(value)}"


def _shown(value: object) -> str:
    """Texts and numbers as they are; of arrays and objects only that they are: they may be large, or hold secrets."""
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "an object"
    return ascii(value[:40] if isinstance(value, str) else value)[:60]


def _warnings(document: Mapping[str, Any]) -> Iterator[str]:
    producer = document.get("producer")
    if not isinstance(producer, str) or "://" not in producer:
        yield f"/producer: {_what(producer)}; it should be a URI"
    if not isinstance(document.get("schemaURL"), str):
        yield f"/schemaURL: {_what(document.get('schemaURL'))}; it should say which version of OpenLineage this is"
    if not has_zone(document["eventTime"]):
        yield "/eventTime: it has no zone and was taken as UTC; it should end in Z or an offset"
    if kind_of(document) == "RUN":
        if not _is_uuid(document["run"]["runId"]):
            yield "/run/runId: it is no UUID; two runs of a job must never share it"
        sent = document.get("eventType")
        if sent not in _TYPES:
            yield f"/eventType: {_what(sent)}; it should be one of {', '.join(_TYPES)}"
    for pointer, facets in _facets(document):
        if isinstance(facets, dict):
            for name, facet in facets.items():
                yield from _of_facet(pointed(pointer, name), name, facet)
        else:
            yield f"{pointer}: {_what(facets)}; it should be an object, and was not read"


def _of_facet(pointer: str, name: str, facet: object) -> Iterator[str]:
    if not isinstance(facet, dict):
        yield f"{pointer}: {_what(facet)}; it should be an object, and was not read"
        return
    if not isinstance(facet.get("_producer"), str) or not isinstance(facet.get("_schemaURL"), str):
        yield f"{pointer}: it should have _producer and _schemaURL"
    if facet.get("_deleted") is not True:
        for field, kind in misshapen(name, facet):
            yield f"{pointed(pointer, field)}: {_what(facet.get(field))}; it should be {kind}, and was not read"


def _facets(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = kind_of(document)
    for part in {"RUN": ("run", "job"), "JOB": ("job",)}.get(kind, ("dataset",)):
        if document[part].get("facets") is not None:
            yield f"/{part}/facets", document[part]["facets"]
    for side, own in (("inputs", "inputFacets"), ("outputs", "outputFacets")) if kind != "DATASET" else ():
        for number, data in enumerate(document.get(side) or ()):
            for field in ("facets", own):
                if data.get(field) is not None:
                    yield f"/{side}/{number}/{field}", data[field]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
