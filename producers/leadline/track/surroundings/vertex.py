"""Vertex AI: custom jobs have CLOUD_ML_JOB_ID; hyperparameter trials CLOUD_ML_TRIAL_ID beside it."""

from .tool import Around, Tool

_CONSOLE = "https://console.cloud.google.com/vertex-ai"


def look(around: Around) -> Tool | None:
    ids = around.told(
        job_id="CLOUD_ML_JOB_ID", project="CLOUD_ML_PROJECT_ID", region="CLOUD_ML_REGION", trial_id="CLOUD_ML_TRIAL_ID"
    )
    if "job_id" not in ids:
        return None
    page = ("locations", ids.get("region", ""), "training", ids["job_id"])
    url = around.url(*page, base=_CONSOLE)
    return Tool("vertex", ids, f"{url}?project={ids['project']}" if url and "project" in ids else url)
