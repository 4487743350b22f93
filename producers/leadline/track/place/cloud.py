"""Which cloud, of the firmware's own word and of what serverless services put into the environment."""

import re
from pathlib import Path

from ..surroundings.tool import Around

_AZURE_CHASSIS = "7783-7084-3265-9085-8269-3286-77"
"""The asset tag of every virtual machine in Azure, and of no other Hyper-V."""
_AWS_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")

_CLOUD_RUN = {
    "faas.version": "K_REVISION",
    "gcp.cloud_run.job.execution": "CLOUD_RUN_EXECUTION",
    "gcp.cloud_run.job.task_index": "CLOUD_RUN_TASK_INDEX",
}
_AZURE_APP = {"faas.name": "WEBSITE_SITE_NAME", "faas.instance": "WEBSITE_INSTANCE_ID", "cloud.region": "REGION_NAME"}
_LAMBDA = {
    "faas.name": "AWS_LAMBDA_FUNCTION_NAME",
    "faas.version": "AWS_LAMBDA_FUNCTION_VERSION",
    "faas.instance": "AWS_LAMBDA_LOG_STREAM_NAME",
}
_VERTEX = {"cloud.region": "CLOUD_ML_REGION", "cloud.account.id": "CLOUD_ML_PROJECT_ID"}
_SERVICES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("AWS_LAMBDA_FUNCTION_NAME", "aws", "aws_lambda", _LAMBDA),
    ("ECS_CONTAINER_METADATA_URI_V4", "aws", "aws_ecs", {}),
    ("TRAINING_JOB_ARN", "aws", "", {"host.type": "SM_CURRENT_INSTANCE_TYPE"}),
    ("SM_TRAINING_ENV", "aws", "", {"host.type": "SM_CURRENT_INSTANCE_TYPE"}),
    ("K_SERVICE", "gcp", "gcp_cloud_run", {"faas.name": "K_SERVICE", **_CLOUD_RUN}),
    ("CLOUD_RUN_JOB", "gcp", "gcp_cloud_run", {"faas.name": "CLOUD_RUN_JOB", **_CLOUD_RUN}),
    ("CLOUD_ML_JOB_ID", "gcp", "", _VERTEX),
    ("FUNCTIONS_EXTENSION_VERSION", "azure", "azure.functions", _AZURE_APP),
    ("WEBSITE_SITE_NAME", "azure", "azure.app_service", _AZURE_APP),
)


def of_dmi(root: Path) -> dict[str, str]:
    """Of the tables of the firmware; empty on machines of one's own and where they cannot be read."""
    vendor, product = _read(root, "sys_vendor"), _read(root, "product_name")
    if vendor.startswith("Amazon EC2") or _read(root, "bios_vendor").startswith("Amazon EC2"):
        asset = _read(root, "board_asset_tag")
        instance = asset if _AWS_INSTANCE.fullmatch(asset) else ""
        kind = product if re.fullmatch(r"[a-z][\w-]*\.[\w-]+", product) else ""
        return {"cloud.provider": "aws", "cloud.platform": "aws_ec2", "host.id": instance, "host.type": kind}
    if product.startswith("Google Compute Engine"):
        return {"cloud.provider": "gcp", "cloud.platform": "gcp_compute_engine"}
    if _read(root, "chassis_asset_tag") == _AZURE_CHASSIS:
        return {"cloud.provider": "azure", "cloud.platform": "azure.vm"}
    return {}


def of_services(around: Around) -> dict[str, str]:
    """Of services that have no machine to ask, each known by a variable that only it sets."""
    for variable, provider, platform, names in _SERVICES:
        if around.environ.get(variable):
            return {"cloud.provider": provider, "cloud.platform": platform, **around.told(**names)}
    return {}


def _read(root: Path, name: str) -> str:
    try:
        return (root / "sys/class/dmi/id" / name).read_text(errors="replace").strip()
    except OSError:
        return ""
