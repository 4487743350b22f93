"""What the facets of a run say of it, as fields of RunEvent."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from leadline.events.records import JobDependency
from leadline.events.records.run import EVENT_TYPES

from .moments import moment
from .shape import MAX_TEXT, Facet, as_text, cut, dict_of, facet, number, obj, objects, text
from .tools import of_tool

_ERROR_TYPE = re.compile(
    r"(?:^|\n)(?:Caused by: )?((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Interrupt|Warning))\b"
)


def event_type(document: Mapping[str, Any]) -> str:
    """As Leadline knows it; OTHER where it is missing or unknown."""
    said = document.get("eventType")
    upper = said.upper() if isinstance(said, str) else ""
    return upper if upper in EVENT_TYPES and upper != "LOST" else "OTHER"


def run_fields(facets: object) -> dict[str, Any]:
    """What the facets say; what they say nothing of is left out."""
    found = dict_of(facets)
    fields = of_tool(found)
    for name, fields_of in _KNOWN.items():
        if name in found and (said := facet(found, name)):
            told = fields_of(said)
            for mapping in _MERGED & told.keys():
                told[mapping] = fields.get(mapping, {}) | told[mapping]
            fields |= told
    unknown = {name: _whole_or_cut(as_text(value)) for name, value in found.items() if name not in _KNOWN}
    return fields | ({"facets": unknown} if unknown else {})


def _nominal(said: Facet) -> dict[str, Any]:
    return {"nominal_at": moment(said.get("nominalStartTime")), "nominal_end_at": moment(said.get("nominalEndTime"))}


def _engine(said: Facet) -> dict[str, Any]:
    return {"engine": "/".join(filter(None, (text(said, "name"), text(said, "version"))))}


def _error(said: Facet) -> dict[str, Any]:
    return {
        "error_message": cut(text(said, "message")),
        "error_stack": cut(text(said, "stackTrace")),
        "error_type": _error_type(said),
    }


def _incomplete(said: Facet) -> dict[str, Any]:
    return {"partial": (number(said, "failedTasks") or 0) > 0 or any(objects(said, "errors"))}


def _parents(said: Facet) -> dict[str, Any]:
    job, root = obj(said, "job"), obj(said, "root")
    root_job = obj(root, "job")
    return {
        "parent_run_id": text(obj(said, "run"), "runId"),
        "parent_job_namespace": text(job, "namespace"),
        "parent_job_name": text(job, "name"),
        "root_run_id": text(obj(root, "run"), "runId"),
        "root_job_namespace": text(root_job, "namespace"),
        "root_job_name": text(root_job, "name"),
    }


def _query(said: Facet) -> dict[str, Any]:
    ids = {"external_query_id": text(said, "externalQueryId"), "external_query_source": text(said, "source")}
    return {"tool_ids": {name: value for name, value in ids.items() if value}}


def _environment(said: Facet) -> dict[str, Any]:
    variables = _pairs(said, "environmentVariables", "name")
    return {"parameters": {f"env.{name}": value for name, value in variables.items()}}


def _parameters(said: Facet) -> dict[str, Any]:
    return {"parameters": _pairs(said, "parameters", "key")}


def _tags(said: Facet) -> dict[str, Any]:
    return {"tags": _pairs(said, "tags", "key")}


def _pairs(said: Facet, name: str, key: str) -> dict[str, str]:
    """An array of objects with a name and a value."""
    return {text(one, key): cut(as_text(one.get("value"))) for one in objects(said, name) if text(one, key)}


def _dependencies(said: Facet) -> dict[str, Any]:
    found = []
    for side in ("upstream", "downstream"):
        for one in objects(said, side):
            job = obj(one, "job")
            if text(job, "namespace") and text(job, "name"):
                rules = (text(one, "sequence_trigger_rule"), text(one, "status_trigger_rule"), text(said, "trigger_rule"))
                found.append(
                    JobDependency(
                        direction=side.upper(),
                        job_namespace=text(job, "namespace"),
                        job_name=text(job, "name"),
                        run_id=text(obj(one, "run"), "runId"),
                        type=text(one, "dependency_type"),
                        trigger_rule=", ".join(filter(None, rules)),
                    )
                )
    return {"dependencies": found}


def _error_type(error: Facet) -> str:
    """The class of the error as its stack names it: the last one of Python's, the first one of Java's."""
    found = _ERROR_TYPE.findall(text(error, "stackTrace") or text(error, "message"))
    if not found:
        return ""
    return str(found[-1] if text(error, "programmingLanguage").lower() == "python" else found[0])


def _whole_or_cut(value: str) -> str:
    """Always JSON."""
    if len(value) <= MAX_TEXT:
        return value
    mark = f"{len(value):,} characters, see openlineage_events"
    return as_text({"_leadline_cut": mark, "beginning": value[: MAX_TEXT // 2]})


_KNOWN: dict[str, Callable[[Facet], dict[str, Any]]] = {
    "parent": _parents,
    "nominalTime": _nominal,
    "errorMessage": _error,
    "processing_engine": _engine,
    "externalQuery": _query,
    "extractionError": _incomplete,
    "environmentVariables": _environment,
    "executionParameters": _parameters,
    "jobDependencies": _dependencies,
    "tags": _tags,
}
"""Facets that are fields; `test` is not among them, since only its verdicts are."""
_MERGED = frozenset({"tool_ids", "parameters"})
"""Fields that several facets add to."""
