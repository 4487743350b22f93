"""Bounds: what a metric must stay within."""

from typing import Annotated

from msgspec import Meta

from .event import Event, Part

ORIGINS = ("CODE", "OPERATOR", "BUILT_IN")
BOUND_STATES = ("ACTIVE", "PAUSED", "DELETED")
INCLUSIVE = ("both", "lower", "upper", "none")
ON_INVALID = ("error", "warn", "ignore")


class BoundSpec(Part, frozen=True, kw_only=True):
    """A static range on one metric of one node; one series per combination of dimensions."""

    bound_id: Annotated[str, Meta(description="Chosen by the user, never changed")]
    metric: str
    dims: Annotated[dict[str, str], Meta(description="Only readings with these dimensions; empty: all")] = {}
    warn_lower: float | None = None
    warn_upper: float | None = None
    error_lower: float | None = None
    error_upper: float | None = None
    inclusive: Annotated[str, Meta(description="both (default): a value at the bound is within; lower, upper or none")] = "both"
    on_invalid: Annotated[str, Meta(description="Severity of NaN and infinities: error (default), warn or ignore")] = "error"
    state: Annotated[str, Meta(description="ACTIVE, PAUSED or DELETED")] = "ACTIVE"
    owner: Annotated[str, Meta(description="Who is called; empty: the node's owner")] = ""
    message: Annotated[str, Meta(description="What the paged person should know")] = ""
    runbook_url: str = ""


class BoundDeclared(Event, frozen=True, kw_only=True):
    """A bound set, changed, paused or deleted by code or by an operator; the operator's wins."""

    origin: Annotated[str, Meta(description="CODE or OPERATOR")]
    version: Annotated[int, Meta(description="Grows with every change of this bound by this origin")]
    kind: str
    namespace: str
    name: str
    spec: BoundSpec
    actor: str = ""
    reason: str = ""
