"""Ray: a driver that was submitted as a job, and workers, which have the job's id in their environment."""

import contextlib
import json

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    config = json.loads(around.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR") or "{}")
    metadata = config.get("metadata") or {}
    ids = around.told(job_id="RAY_JOB_ID") | _of_process(around)
    if submission := metadata.get("job_submission_id") or around.environ.get("RAY_JOB_SUBMISSION_ID"):
        ids["submission_id"] = str(submission)
    if not ids:
        return None
    page = ids.get("submission_id") or ids.get("job_id") or ""
    return Tool("ray", ids, around.url("#", "jobs", page, base=_dashboard(around)))


def _of_process(around: Around) -> dict[str, str]:
    """What a process that is connected already knows of itself."""
    ray = around.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return {}
    context = ray.get_runtime_context()
    return {"job_id": str(context.get_job_id()), "node_id": str(context.get_node_id())}


def _dashboard(around: Around) -> str | None:
    told = around.environ.get("LEADLINE_TOOL_URL") or around.environ.get("RAY_DASHBOARD_ADDRESS")
    if not told and "RAY_JOB_ID" not in around.environ:  # workers only guess it
        with contextlib.suppress(Exception):
            told = around.modules["ray"]._private.worker.get_dashboard_url()
    return told if not told or "://" in told else f"http://{told}"
