"""Kubernetes: any pod, and the pods of Argo Workflows, which have variables of their own."""

import json
import re

from .tool import Around, Tool

_OF_JOB = re.compile(r"(.+?)(?:-\d+)?-[a-z0-9]{5}")
"""A Job's pods are called after it: name, index where it has some, five signs."""
_POD_NAMES = ("POD_NAME", "K8S_POD_NAME", "KFP_POD_NAME", "HOSTNAME")
_NAMESPACE_FILE = "var/run/secrets/kubernetes.io/serviceaccount/namespace"


def argo(around: Around) -> Tool | None:
    node = around.environ.get("ARGO_NODE_ID")
    if not node:
        return None
    ids = {"node": node} | around.told(workflow="ARGO_WORKFLOW_NAME", workflow_uid="ARGO_WORKFLOW_UID")
    template = json.loads(around.environ.get("ARGO_TEMPLATE") or "{}")
    ids |= {"template": template["name"]} if template.get("name") else {}
    # The node of a step is called after its workflow, with a number behind it.
    workflow = ids.setdefault("workflow", node.rpartition("-")[0] or node)
    return Tool("argo", ids | _namespace(around), around.url("workflows", namespace_of(around), workflow))


def job(around: Around) -> Tool | None:
    if not around.environ.get("KUBERNETES_SERVICE_HOST"):
        return None
    pod = pod_of(around)
    found = _OF_JOB.fullmatch(pod)
    ids = {"pod": pod} | ({"job": found[1]} if found else {}) | around.told(completion_index="JOB_COMPLETION_INDEX")
    return Tool("kubernetes", ids | _namespace(around))


def pod_of(around: Around) -> str:
    environ = around.environ
    return (
        environ.get("POD_NAME") or environ.get("K8S_POD_NAME") or environ.get("KFP_POD_NAME") or environ.get("HOSTNAME") or ""
    )


def namespace_of(around: Around) -> str:
    told = around.environ.get("POD_NAMESPACE") or around.environ.get("K8S_NAMESPACE")
    if told:
        return told
    try:
        return (around.root / _NAMESPACE_FILE).read_text().strip()
    except OSError:
        return ""


def _namespace(around: Around) -> dict[str, str]:
    namespace = namespace_of(around)
    return {"namespace": namespace} if namespace else {}
