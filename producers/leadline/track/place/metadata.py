"""The cloud's own answer to which machine this is: instance, kind, zone. Asked only where the firmware names the cloud."""

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LINK_LOCAL = "169.254.169.254"
_MOST_BYTES = 262_144


def ask(provider: str, environ: Mapping[str, str], deadline: float, address: str = LINK_LOCAL) -> dict[str, str]:
    """Resource attributes; `deadline` is a monotonic time. Empty for a provider without such a service.

    Raises OSError, http.client.HTTPException and ValueError where it does not answer, or not as documented.
    """
    service = _Service(address, deadline)
    ecs = environ.get("ECS_CONTAINER_METADATA_URI_V4")
    if ecs:
        return _ecs(_Service(urlsplit(ecs).netloc, deadline), urlsplit(ecs).path)
    if provider == "aws":
        return _aws(service)
    if provider == "gcp":
        return _gcp(service)
    return _azure(service) if provider == "azure" else {}


class _Service:
    def __init__(self, address: str, deadline: float) -> None:
        self._address = address
        self._deadline = deadline

    def call(self, path: str, method: str = "GET", **headers: str) -> str:
        """Through no proxy, and no further than to this address. Raises OSError for any answer but 200."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection = http.client.HTTPConnection(self._address, timeout=left)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise OSError(f"{path} answers {answer.status}")
            return answer.read(_MOST_BYTES).decode()
        finally:
            connection.close()


def _aws(service: _Service) -> dict[str, str]:
    """IMDSv2. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html"""
    lifetime = {"X_aws_ec2_metadata_token_ttl_seconds": "60"}
    pass_ = service.call("/latest/api/token", "PUT", **lifetime)
    document = json.loads(service.call("/latest/dynamic/instance-identity/document", X_aws_ec2_metadata_token=pass_))
    return _texts(
        document,
        {
            "host.id": "instanceId",
            "host.type": "instanceType",
            "host.image.id": "imageId",
            "cloud.region": "region",
            "cloud.availability_zone": "availabilityZone",
            "cloud.account.id": "accountId",
        },
    )


def _gcp(service: _Service) -> dict[str, str]:
    """https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys ; each key alone: others hold secrets."""

    def key(name: str) -> str:
        return service.call(f"/computeMetadata/v1/{name}", Metadata_Flavor="Google")

    zone, kind = key("instance/zone").rpartition("/")[2], key("instance/machine-type").rpartition("/")[2]
    return {
        "host.id": key("instance/id"),
        "host.type": kind,
        "cloud.availability_zone": zone,
        "cloud.region": zone.rpartition("-")[0],
        "cloud.account.id": key("project/project-id"),
    }


def _azure(service: _Service) -> dict[str, str]:
    """https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service"""
    compute = json.loads(service.call("/metadata/instance/compute?api-version=2021-02-01", Metadata="true"))
    return _texts(
        compute,
        {
            "host.id": "vmId",
            "host.type": "vmSize",
            "cloud.region": "location",
            "cloud.availability_zone": "zone",
            "cloud.account.id": "subscriptionId",
        },
    )


def _ecs(service: _Service, path: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html"""
    container, task = json.loads(service.call(path or "/")), json.loads(service.call(f"{path}/task"))
    zone = str(task.get("AvailabilityZone") or "")
    found = _texts(task, {"aws.ecs.task.arn": "TaskARN", "aws.ecs.task.family": "Family", "aws.ecs.cluster.arn": "Cluster"})
    found |= _texts(container, {"container.id": "DockerId", "container.image.name": "Image", "container.image.id": "ImageID"})
    return found | {"cloud.availability_zone": zone, "cloud.region": zone[:-1]}


def _texts(document: Any, names: Mapping[str, str]) -> dict[str, str]:
    return {name: str(document[key]) for name, key in names.items() if document.get(key)}
