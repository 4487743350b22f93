"""Kubeflow Pipelines: each task is a pod that Argo starts with KFP's variables; on Vertex AI, Vertex's labels instead."""

import json

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    labels = around.environ.get("VERTEX_AI_PIPELINES_RUN_LABELS")
    if labels:
        return _on_vertex(around, json.loads(labels))
    if not around.environ.get("KFP_POD_NAME"):
        return None
    ids = around.told(
        run_id="KFP_RUN_ID", pod="KFP_POD_NAME", pod_uid="KFP_POD_UID", node="ARGO_NODE_ID", workflow="WORKFLOW_ID"
    )
    return Tool("kubeflow", ids, around.url("#", "runs", "details", ids.get("run_id", "")))


def _on_vertex(around: Around, labels: dict[str, str]) -> Tool:
    ids = {name.rpartition("/")[2]: str(value) for name, value in labels.items()}
    return Tool("vertex", ids | around.told(job_id="CLOUD_ML_JOB_ID", project="CLOUD_ML_PROJECT_ID", region="CLOUD_ML_REGION"))
