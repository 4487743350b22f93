"""Which tool an event is about, and what that tool calls the run."""

import re
from collections.abc import Mapping
from typing import Any

from .shape import Facet, as_text, facet, obj, text

_INTEGRATION = re.compile(r"/integration/([\w-]+)")
_KNOWN = ("airflow", "dagster", "flink", "spark", "dbt", "feast", "trino", "hive", "debezium", "great_expectations", "egeria")


def tool(document: Mapping[str, Any]) -> str:
    """In lower case, such as airflow; "openlineage" where nothing tells."""
    said = text(facet(document.get("job", {}).get("facets"), "jobType"), "integration")
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


def airflow(facets: Facet) -> dict[str, Any]:
    """Fields of a RunEvent that the facets of Airflow's provider tell."""
    said = facet(facets, "airflow")
    if not said:
        return {}
    task, run, instance = obj(said, "task"), obj(said, "dagRun"), obj(said, "taskInstance")
    ids = {
        "dag_id": text(obj(said, "dag"), "dag_id") or text(run, "dag_id"),
        "task_id": text(task, "task_id"),
        "run_id": text(run, "run_id"),
        "map_index": as_text(instance.get("map_index")),
    }
    attempt = instance.get("try_number")
    found: dict[str, Any] = {
        "tool_ids": {name: value for name, value in ids.items() if value},
        "tool_url": text(instance, "log_url"),
        "owner": text(task, "owner") or text(obj(said, "dag"), "owner"),
    }
    if isinstance(attempt, int) and attempt > 0:
        found["attempt"] = attempt
    if text(run, "run_type") == "backfill":
        found["mode"] = "BACKFILL"
    return found


def other_ids(facets: Facet) -> dict[str, str]:
    """What Spark and dbt call the run."""
    spark, dbt = facet(facets, "spark_applicationDetails"), facet(facets, "dbt_run")
    ids = {
        "spark_application_id": text(spark, "applicationId"),
        "spark_application": text(spark, "appName"),
        "dbt_invocation_id": text(dbt, "invocation_id"),
        "dbt_project": text(dbt, "project_name"),
    }
    return {name: value for name, value in ids.items() if value}
