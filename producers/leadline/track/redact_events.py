"""What of each event is redacted: everything that is text of the job's, but for the names of nodes (`Node` sees to them)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leadline.events.records import (
    DecisionRecorded,
    EntityReported,
    LogsReported,
    MetricsReported,
    RunEvent,
    VersionDescribed,
)

from .redact import without_shapes

if TYPE_CHECKING:
    from leadline.events.records import BoundSpec, Event, LogLine, Reading

    from .redact import Redactor


_RUN_TEXTS = (
    "error_message",
    "error_stack",
    "code_repository",
    "code_branch",
    "code_path",
    "container",
    "working_directory",
    "tool_url",
)


def redact(event: Event, redactor: Redactor) -> Event:
    match event:
        case MetricsReported():
            event = _metrics(event, redactor)
        case LogsReported():
            pointers = [replace(pointer, location=redactor.text(pointer.location)) for pointer in event.pointers]
            event = replace(event, lines=[_line(line, redactor) for line in event.lines], pointers=pointers)
        case RunEvent():
            event = _run(event, redactor)
        case EntityReported():
            event = replace(event, values=redactor.mapping(event.values))
        case DecisionRecorded():
            event = replace(event, reason=redactor.text(event.reason), details=redactor.mapping(event.details))
        case VersionDescribed():
            mappings = {field: redactor.mapping(getattr(event, field)) for field in ("parameters", "attributes")}
            event = replace(event, **mappings)
    return event


def _run(event: RunEvent, redactor: Redactor) -> RunEvent:
    changed: dict[str, Any] = {field: redactor.text(text) for field in _RUN_TEXTS if (text := getattr(event, field))}
    if event.command:
        changed["command"] = redact_command(event.command, redactor)
    for field in ("parameters", "tags", "facets", "tool_ids", "resource"):
        if values := getattr(event, field):
            changed[field] = redactor.mapping(values)
    return replace(event, **changed) if changed else event


def redact_command(command: str, redactor: Redactor) -> str:
    """Word by word, since the quotes of a shell hide where a value begins and ends, then as a whole."""
    try:
        words = shlex.split(command)
    except ValueError:  # cut in the midst of a quote
        return redactor.text(command)
    before = ["", *words]
    redacted = [
        redactor.value(option.lstrip("-"), word) if option.startswith("-") and "=" not in option else redactor.text(word)
        for option, word in zip(before, words, strict=False)
    ]
    return redactor.text(shlex.join(redacted)) if redacted != words else redactor.text(command)


def _line(line: LogLine, redactor: Redactor) -> LogLine:
    message, exception = redactor.text(line.message), redactor.text(line.exception) if line.exception else ""
    if message is line.message and exception == line.exception:
        return line
    return replace(line, message=message, exception=exception)


def _metrics(event: MetricsReported, redactor: Redactor) -> MetricsReported:
    """Dimensions tell series apart, so a value such as token=the stays: only shapes are redacted there."""
    if event.bounds:
        event = replace(event, bounds=[_bound(bound, redactor) for bound in event.bounds])
    if event.definitions:
        texts = [replace(definition, description=redactor.text(definition.description)) for definition in event.definitions]
        event = replace(event, definitions=texts)
    if any(reading.dims for reading in event.readings):
        event = replace(event, readings=[_reading(reading) for reading in event.readings])
    return event


def _reading(reading: Reading) -> Reading:
    dims = _dims(reading.dims)
    return reading if dims == reading.dims else replace(reading, dims=dims)


def _bound(bound: BoundSpec, redactor: Redactor) -> BoundSpec:
    return replace(
        bound,
        bound_id=without_shapes(bound.bound_id),
        dims=_dims(bound.dims),
        message=redactor.text(bound.message),
        runbook_url=redactor.text(bound.runbook_url),
    )


def _dims(dims: dict[str, str]) -> dict[str, str]:
    return {name: without_shapes(value) for name, value in dims.items()}
