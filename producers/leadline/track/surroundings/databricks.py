"""Databricks: DATABRICKS_RUNTIME_VERSION tells it; the ids are with the notebook's context, else with Spark's settings."""

from typing import Any

from .tool import Around, Tool

_CONTEXT = {
    "job_id": "jobId",
    "run_id": "idInJob",
    "notebook_id": "notebookId",
    "notebook_path": "notebookPath",
    "cluster_id": "clusterId",
    "workspace_id": "workspaceId",
}
_SETTINGS = {
    "job_id": "spark.databricks.job.id",
    "run_id": "spark.databricks.job.runId",
    "cluster_id": "spark.databricks.clusterUsageTags.clusterId",
    "workspace_id": "spark.databricks.clusterUsageTags.clusterOwnerOrgId",
}


def look(around: Around) -> Tool | None:
    if not around.environ.get("DATABRICKS_RUNTIME_VERSION"):
        return None
    context, settings = _context(around), _settings(around)
    ids = {name: str(value) for name, key in _SETTINGS.items() if settings and (value := settings.get(key, None))}
    ids |= {name: str(value) for name, key in _CONTEXT.items() if (value := getattr(context, key, None))}
    ids |= around.told(runtime_version="DATABRICKS_RUNTIME_VERSION")
    ids.setdefault("cluster_id", around.environ.get("DB_CLUSTER_ID", ""))
    host = getattr(context, "workspaceUrl", None) or (settings and settings.get("spark.databricks.workspaceUrl", None))
    host = host or around.environ.get("DATABRICKS_HOST") or ""
    return Tool(
        "databricks",
        {name: value for name, value in ids.items() if value},
        _url(around, str(host), ids),
        cluster=ids["cluster_id"],
    )


def _url(around: Around, host: str, ids: dict[str, str]) -> str:
    base = host if not host or "://" in host else f"https://{host}"
    if ids.get("job_id") and ids.get("run_id"):
        return around.url("jobs", ids["job_id"], "runs", ids["run_id"], base=base)
    return around.url("#notebook", ids.get("notebook_id", ""), base=base)


def _context(around: Around) -> Any:
    module = around.modules.get("dbruntime.databricks_repl_context")
    return module.get_context() if module else None


def _settings(around: Around) -> Any:
    """Of the Spark that runs already."""
    context = getattr(getattr(around.modules.get("pyspark"), "SparkContext", None), "_active_spark_context", None)
    return context.getConf() if context is not None else None
