"""Where the job runs, by the names of OpenTelemetry's resource attributes.

https://opentelemetry.io/docs/specs/semconv/resource/ ; what has no name there is said in docs/producer.md.
"""

from ..surroundings.tool import Around
from . import cloud, machine, told


def resource(around: Around) -> dict[str, str]:
    """From the environment and files alone; what is told in OTEL_RESOURCE_ATTRIBUTES comes before what is found."""
    found = cloud.of_dmi(around.root) | cloud.of_services(around) | machine.of_process() | machine.of_gpus(around)
    found |= machine.of_pod(around) | machine.of_container(around)
    if found.get("cloud.provider") == "aws":  # on a desk the same variables only configure a client
        found |= around.told(**{"cloud.region": "AWS_REGION"}) or around.told(**{"cloud.region": "AWS_DEFAULT_REGION"})
    return {name: value for name, value in {**found, **told.attributes(around.environ)}.items() if value}
