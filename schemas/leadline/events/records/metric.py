"""Readings: metric values of a node or run."""

from typing import Annotated

from msgspec import Meta

from .bound import BoundSpec
from .event import Event, Micros, Part

DIRECTIONS = ("", "HIGHER_IS_BETTER", "LOWER_IS_BETTER")


class Reading(Part, frozen=True, kw_only=True):
    """One value of one metric."""

    metric: str
    value: Annotated[float, Meta(description="NaN and infinities are kept; they violate every bound")]
    unit: str = ""
    dims: dict[str, str] = {}


class MetricDefinition(Part, frozen=True, kw_only=True):
    """What a metric of this node means."""

    metric: str
    unit: str = ""
    direction: Annotated[str, Meta(description="HIGHER_IS_BETTER, LOWER_IS_BETTER, or empty: neither")] = ""
    aliases: Annotated[list[str], Meta(description="Other names under which the same metric is reported")] = []
    formula_version: Annotated[str, Meta(description="Changes when the value is computed differently: no drift")] = ""
    description: str = ""


class MetricsReported(Event, frozen=True, kw_only=True):
    """Readings of one node at one time. Bounds declared next to a value travel with it, so that none overtakes its bound."""

    kind: Annotated[str, Meta(description="JOB, DATASET, MODEL, FEATURE_VIEW, DEPLOYMENT or ARTIFACT")]
    namespace: str
    name: str
    version: str = ""
    job_namespace: str = ""
    job_name: str = ""
    run_id: str = ""
    slot: Annotated[Micros | None, Meta(description="The nominal time that the values are about")] = None
    mode: Annotated[str, Meta(description="LIVE, BACKFILL, TEST, or empty: judged by run_ended_at")] = ""
    attempt: int = 1
    run_ended_at: Micros | None = None
    readings: list[Reading] = []
    bounds: list[BoundSpec] = []
    definitions: Annotated[
        list[MetricDefinition], Meta(description="Of metrics of this node; they travel with values as bounds do")
    ] = []
