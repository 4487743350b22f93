"""What the facets of a run say of it, as fields of RunEvent."""

import re
from collections.abc import Mapping
from typing import Any

from leadline.events.records import JobDependency
from leadline.events.records.run import EVENT_TYPES

from .moments import moment
from .shape import Facet, as_text, facet, number, obj, objects, text
from .tools import airflow, other_ids

_MAX_FACET = 64 * 1024
_KNOWN = frozenset(
    {
        "parent",
        "nominalTime",
        "errorMessage",
        "processing_engine",
        "externalQuery",
        "extractionError",
        "environmentVariables",
        "executionParameters",
        "jobDependencies",
        "tags",
    }
)
"""Facets that are fields; `test` is not among them, since only its verdicts are."""
_ERROR_TYPE = re.compile(
    r"(?:^|\n)(?:Caused by: )?((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Failure|Interrupt|Warning))\b"
)


def event_type(document: Mapping[str, Any]) -> str:
    """As Leadline knows it; OTHER where it is missing or unknown."""
    said = document.get("eventType")
    upper = said.upper() if isinstance(said, str) else ""
    return upper if upper in EVENT_TYPES and upper != "LOST" else "OTHER"


def run_fields(facets: object) -> dict[str, Any]:
    """What the facets say; fields that they say nothing of are left out or empty."""
    nominal, engine = facet(facets, "nominalTime"), facet(facets, "processing_engine")
    error, failed = facet(facets, "errorMessage"), facet(facets, "extractionError")
    fields = airflow(facets if isinstance(facets, dict) else {})
    fields["tool_ids"] = fields.get("tool_ids", {}) | other_ids(facets if isinstance(facets, dict) else {}) | _query(facets)
    return fields | {
        "nominal_at": moment(nominal.get("nominalStartTime")),
        "nominal_end_at": moment(nominal.get("nominalEndTime")),
        "engine": "/".join(filter(None, (text(engine, "name"), text(engine, "version")))),
        "error_message": text(error, "message"),
        "error_stack": text(error, "stackTrace"),
        "error_type": _error_type(error),
        "partial": bool(number(failed, "failedTasks") or any(objects(failed, "errors"))),
        "parameters": _environment(facets) | _pairs(facet(facets, "executionParameters"), "parameters", "key"),
        "tags": {
            text(tag, "key"): as_text(tag.get("value")) for tag in objects(facet(facets, "tags"), "tags") if text(tag, "key")
        },
        "dependencies": _dependencies(facet(facets, "jobDependencies")),
        "facets": _unknown(facets),
        **_parents(facet(facets, "parent")),
    }


def _parents(parent: Facet) -> dict[str, str]:
    job, root = obj(parent, "job"), obj(parent, "root")
    root_job = obj(root, "job")
    return {
        "parent_run_id": text(obj(parent, "run"), "runId"),
        "parent_job_namespace": text(job, "namespace"),
        "parent_job_name": text(job, "name"),
        "root_run_id": text(obj(root, "run"), "runId"),
        "root_job_namespace": text(root_job, "namespace"),
        "root_job_name": text(root_job, "name"),
    }


def _query(facets: object) -> dict[str, str]:
    query = facet(facets, "externalQuery")
    ids = {"external_query_id": text(query, "externalQueryId"), "external_query_source": text(query, "source")}
    return {name: value for name, value in ids.items() if value}


def _environment(facets: object) -> dict[str, str]:
    variables = _pairs(facet(facets, "environmentVariables"), "environmentVariables", "name")
    return {f"env.{name}": value for name, value in variables.items()}


def _pairs(said: Facet, name: str, key: str) -> dict[str, str]:
    """An array of objects with a name and a value."""
    return {text(one, key): as_text(one.get("value")) for one in objects(said, name) if text(one, key)}


def _dependencies(said: Facet) -> list[JobDependency]:
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
    return found


def _error_type(error: Facet) -> str:
    """The class of the error as its stack names it: the last one of Python's, the first one of Java's."""
    found = _ERROR_TYPE.findall(text(error, "stackTrace") or text(error, "message"))
    if not found:
        return ""
    return str(found[-1] if text(error, "programmingLanguage").lower() == "python" else found[0])


def _unknown(facets: object) -> dict[str, str]:
    if not isinstance(facets, dict):
        return {}
    return {name: _cut(as_text(value)) for name, value in facets.items() if name not in _KNOWN}


def _cut(value: str) -> str:
    """The whole is in openlineage_events."""
    if len(value) <= _MAX_FACET:
        return value
    return as_text(
        {"_leadline_cut": f"{len(value):,} characters, see openlineage_events", "beginning": value[: _MAX_FACET // 2]}
    )
