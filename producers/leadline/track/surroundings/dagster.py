"""Dagster: the context of the step in its own process, else what Pipes or a step's pod was given."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    ids = _of_context(around) or _of_pipes(around) or _of_pod(around)
    return Tool("dagster", ids, around.url("runs", ids.get("run_id", ""))) if ids else None


def _of_context(around: Around) -> dict[str, str]:
    variable = getattr(around.modules.get("dagster._core.execution.context.compute"), "current_execution_context", None)
    context = variable.get() if variable is not None else None
    if context is None:
        return {}
    step = context.op_execution_context
    found = {"run_id": step.run_id, "job_name": step.job_name, "op": step.op.name}
    if step.has_partition_key:
        found["partition"] = step.partition_key
    return {name: str(value) for name, value in found.items() if value}


def _of_pipes(around: Around) -> dict[str, str]:
    """DAGSTER_PIPES_CONTEXT: base64 of zlib of JSON that has the data, or the path of a file with it."""
    told = around.environ.get("DAGSTER_PIPES_CONTEXT")
    if not told:
        return {}
    where: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(told)))
    data = where.get("data") or json.loads(Path(where["path"]).read_text())
    found = {"run_id": data["run_id"], "job_name": data.get("job_name"), "partition": data.get("partition_key")}
    assets = ",".join(data.get("asset_keys") or [])
    return {name: value for name, value in {**found, "assets": assets}.items() if value}


def _of_pod(around: Around) -> dict[str, str]:
    return around.told(job_name="DAGSTER_RUN_JOB_NAME", step="DAGSTER_RUN_STEP_KEY", run_id="DAGSTER_RUN_ID")
