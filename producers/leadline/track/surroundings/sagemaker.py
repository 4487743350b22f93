"""SageMaker: training jobs by their variables, processing jobs by the file that their container is given."""

import json

from .tool import Around, Tool


def look(around: Around) -> Tool | None:
    arn = around.environ.get("TRAINING_JOB_ARN") or ""
    name = around.environ.get("TRAINING_JOB_NAME") or ""
    if not arn and not (name and around.environ.get("SM_TRAINING_ENV")):
        return _processing(around)
    found = {"training_job": name or arn.rpartition("/")[2], "arn": arn}
    ids = {key: value for key, value in found.items() if value} | around.told(host="SM_CURRENT_HOST")
    return Tool("sagemaker", ids, _url(around, "jobs", ids["training_job"], arn))


def _processing(around: Around) -> Tool | None:
    try:
        job = json.loads((around.root / "opt/ml/config/processingjobconfig.json").read_text())
    except (OSError, ValueError):
        return None
    arn, name = job.get("ProcessingJobArn") or "", job.get("ProcessingJobName") or ""
    return Tool("sagemaker", {"processing_job": name, "arn": arn}, _url(around, "processing-jobs", name, arn))


def _url(around: Around, page: str, name: str, arn: str) -> str:
    region = arn.split(":")[3] if arn.count(":") > 4 else around.environ.get("AWS_REGION") or ""
    base = f"https://{region}.console.aws.amazon.com/sagemaker/home" if region else ""
    return f"{base}?region={region}#/{page}/{name}" if base and name else ""
