"""Which tool an event is about, and what that tool calls the run."""

import re
from collections.abc import Mapping
from typing import Any

from .shape import Facet, as_text, dict_of, facet, obj, text

_INTEGRATION = re.compile(r"/integration/([\w-]+)")
_KNOWN = ("airflow", "dagster", "flink", "spark", "dbt", "feast", "trino", "hive", "debezium", "great_expectations", "egeria")
_FACETS = frozenset({"airflow", "airflowDagRun", "spark_applicationDetails", "dbt_run"})
_MAX_ATTEMPT = 1_000_000


def tool(document: Mapping[str, Any]) -> str:
    """In lower case, such as airflow; "openlineage" where nothing tells."""
    said = text(facet(dict_of(document.get("job")).get("facets"), "jobType"), "integration")
    if said:
        return said.lower()
    producer = document.get("producer")
    if not isinstance(producer, str):
        return "openlineage"
    found = _INTEGRATION.search(producer)
    if found and found[1] != "common":
        return found[1].lower()
    lower = producer.lower()
    return next((name for name in _KNOWN if name in lower), "openlineage")


def of_tool(facets: Facet) -> dict[str, Any]:
    """Fields of a RunEvent that facets tell which only one tool has."""
    if facets.keys().isdisjoint(_FACETS):
        return {}
    fields = _airflow(facet(facets, "airflow") or facet(facets, "airflowDagRun"))
    spark, dbt = facet(facets, "spark_applicationDetails"), facet(facets, "dbt_run")
    ids = {
        **fields.get("tool_ids", {}),
        "spark_application_id": text(spark, "applicationId"),
        "spark_application": text(spark, "appName"),
        "dbt_invocation_id": text(dbt, "invocation_id"),
        "dbt_project": text(dbt, "project_name"),
    }
    fields |= {"actor": text(spark, "userName"), "host": text(spark, "driverHost")}
    return fields | {"tool_ids": {name: value for name, value in ids.items() if value}}


def _airflow(said: Facet) -> dict[str, Any]:
    """What Airflow's provider says of a task, or of a whole run of a DAG."""
    if not said:
        return {}
    task, run, instance = obj(said, "task"), obj(said, "dagRun"), obj(said, "taskInstance")
    attempt = instance.get("try_number")
    return {
        "tool_ids": {
            "dag_id": text(obj(said, "dag"), "dag_id") or text(run, "dag_id"),
            "task_id": text(task, "task_id"),
            "run_id": text(run, "run_id"),
            "map_index": as_text(instance.get("map_index")),
        },
        "tool_url": text(instance, "log_url"),
        "owner": text(task, "owner") or text(obj(said, "dag"), "owner"),
        "mode": "BACKFILL" if text(run, "run_type") == "backfill" else "",
        "attempt": attempt if type(attempt) is int and 0 < attempt < _MAX_ATTEMPT else 1,
    }
