"""The machine, the container, the pod and the GPUs that the process has."""

import platform
import re
import sys
from pathlib import Path

from ..process import container_id, container_image
from ..surroundings.kubernetes import namespace_of, pod_of
from ..surroundings.tool import Around

_MODEL = re.compile(r"^Model:\s*(.+?)\s*$", re.MULTILINE)
_IMAGE = re.compile(r"(?P<name>[^@\s]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>\w+:[0-9a-f]{32,}))?")


def of_process() -> dict[str, str]:
    return {
        "host.name": platform.node(),
        "host.arch": platform.machine(),
        "os.type": sys.platform,
        "process.executable.path": sys.executable or "",
    }


def of_container(around: Around) -> dict[str, str]:
    image = container_image(around.root, around.environ)
    found = _IMAGE.fullmatch(image)
    attributes = {"container.id": container_id(around.root)}
    if found:
        attributes |= {"container.image.name": found["name"], "container.image.tags": found["tag"] or ""}
        if found["digest"]:
            attributes["container.image.repo_digests"] = f"{found['name']}@{found['digest']}"
    return attributes


def of_pod(around: Around) -> dict[str, str]:
    """The node and the cluster only where the pod's description hands them on: the pod itself does not know them."""
    environ = around.environ
    if not environ.get("KUBERNETES_SERVICE_HOST"):
        return {}
    return {
        "k8s.pod.name": pod_of(around),
        "k8s.pod.uid": environ.get("POD_UID") or environ.get("KFP_POD_UID") or "",
        "k8s.namespace.name": namespace_of(around),
        "k8s.node.name": environ.get("NODE_NAME") or environ.get("K8S_NODE_NAME") or "",
        "k8s.cluster.name": environ.get("K8S_CLUSTER_NAME") or environ.get("CLUSTER_NAME") or "",
        "k8s.container.name": environ.get("ARGO_CONTAINER_NAME") or environ.get("CONTAINER_NAME") or "",
    }


def of_gpus(around: Around) -> dict[str, str]:
    """NVIDIA's that the process may use, of those that the driver lists."""
    models = [_model(file) for file in sorted((around.root / "proc/driver/nvidia/gpus").glob("*/information"))]
    models = [model for model in models if model]
    visible = around.environ.get("CUDA_VISIBLE_DEVICES", around.environ.get("NVIDIA_VISIBLE_DEVICES", "all"))
    chosen = [device for device in visible.split(",") if device.strip()]
    count = len(models) if visible == "all" else min(len(models), len(chosen))
    if not count or visible in ("void", "none", "-1"):
        return {}
    kinds = ", ".join(dict.fromkeys(models))
    return {"hw.type": "gpu", "hw.vendor": "NVIDIA", "hw.model": kinds, "hw.gpu.count": str(count)}


def _model(file: Path) -> str:
    try:
        found = _MODEL.search(file.read_text(errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""
