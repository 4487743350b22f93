"""Spark: the application of the context that runs in this process, else of the pod or YARN container."""

from typing import Any

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    ids = around.told(application_id="SPARK_APPLICATION_ID", executor_id="SPARK_EXECUTOR_ID")
    proxy = around.environ.get("APPLICATION_WEB_PROXY_BASE", "")  # /proxy/application_..., in YARN's application masters
    if proxy:
        ids["application_id"] = proxy.rpartition("/")[2]
    context: Any = getattr(getattr(around.modules.get("pyspark"), "SparkContext", None), "_active_spark_context", None)
    if context is None:
        return Tool("spark", ids) if ids else None
    ids |= {"application_id": str(context.applicationId), "application": str(context.appName), "master": str(context.master)}
    return Tool("spark", ids, str(context.uiWebUrl or ""))
