"""Metric handles: one value that was reported, to which bounds can be tied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from leadline.core.errors import Unreadable, UsageError
from leadline.events.records.bound import INCLUSIVE, ON_INVALID, BoundSpec
from leadline.events.validate import check_bound

from .choices import chosen
from .nodes import MAX_NAME, optional_text
from .numbers import to_float
from .shown import shown

if TYPE_CHECKING:
    from leadline.core.clock import Micros
    from leadline.events.records import MetricsReported

    from .client import Client
    from .nodes import Node
    from .run import Run

Limits = tuple[float | None, float | None]
"""(lower, upper); None: no limit on that side."""

MAX_BOUNDS = 100
"""Of one reading."""

_LIMITS = ("warn_lower", "warn_upper", "error_lower", "error_upper")


class Metric:
    """One reading. It waits a moment before it is sent, so that bounds declared on it travel with it."""

    __slots__ = ("bounds", "client", "dims", "event", "name", "node", "run", "slot", "time", "unit", "value")

    def __init__(  # noqa: PLR0917 - positional is faster, and this is called for every value
        self,
        client: Client,
        run: Run | None,
        node: Node,
        name: str,
        value: float,
        unit: str,
        dims: dict[str, str],
        slot: Micros | None,
        time: Micros,
    ) -> None:
        self.client = client
        self.run = run
        self.node = node
        self.name = name
        self.value = value
        self.unit = unit
        self.dims = dims
        self.slot = slot
        self.time = time
        self.bounds: dict[str, BoundSpec] | None = None
        self.event: MetricsReported | None = None
        """The event that carried it, once it was made."""

    def __repr__(self) -> str:
        return f"Metric({self.name!r}, {self.value}, of={self.node})"

    def bound(
        self,
        lower: float | None = None,
        upper: float | None = None,
        severity: Literal["warn", "error"] = "error",
        *,
        warn: Limits | None = None,
        error: Limits | None = None,
        inclusive: Literal["both", "lower", "upper", "none"] = "both",
        on_invalid: Literal["error", "warn", "ignore"] = "error",
        owner: str = "",
        message: str = "",
        runbook_url: str = "",
        bound_id: str = "",
    ) -> Metric:
        """The limits of this metric: `bound(lower=0.85)`, or with both severities `bound(warn=(0.9, None), error=(0.8, None))`.

        A value at a limit is within, unless `inclusive` says otherwise. `on_invalid` is the severity of NaN and infinities.
        `bound_id` names the bound for ever (default: node, metric and dimensions). A second call adds to the first.
        Raises UsageError for a bound that could never mean anything.
        """
        limits = _limits(self.name, (lower, upper), severity, warn, error)
        spec = BoundSpec(
            bound_id=optional_text(bound_id, "bound_id", MAX_NAME) or self._bound_id(),
            metric=self.name,
            dims=self.dims,
            inclusive=chosen(inclusive, INCLUSIVE, "inclusive"),
            on_invalid=chosen(on_invalid, ON_INVALID, "on_invalid"),
            owner=optional_text(owner, "owner", MAX_NAME),
            message=optional_text(message, "message", MAX_NAME),
            runbook_url=optional_text(runbook_url, "runbook_url", MAX_NAME),
            **limits,
        )
        _check(spec)
        self.client.declare(self, spec)
        return self

    def add(self, spec: BoundSpec) -> BoundSpec:
        """Ties the bound to this reading, merged with one of the same id. Raises UsageError where the two contradict."""
        bounds = self.bounds or {}
        known = bounds.get(spec.bound_id)
        if known is None and len(bounds) >= MAX_BOUNDS:
            raise UsageError(f"metric {self.name!r} has {MAX_BOUNDS} bounds already; that is the most a reading may have")
        self.bounds = {**bounds, spec.bound_id: _merged(known, spec) if known else spec}
        return self.bounds[spec.bound_id]

    def _bound_id(self) -> str:
        dims = ",".join(f"{key}={value}" for key, value in sorted(self.dims.items()))
        return f"{self.node}#{self.name}" + (f"{{{dims}}}" if dims else "")


def _limits(metric: str, single: Limits, severity: str, warn: Limits | None, error: Limits | None) -> dict[str, Any]:
    severity = chosen(severity, ("warn", "error"), "severity")
    if single[0] is not None or single[1] is not None:
        if warn is not None or error is not None:
            raise UsageError(f"the bound of {metric!r} has lower=/upper= and warn=/error=; give one or the other")
        warn, error = (single, None) if severity == "warn" else (None, single)
    found: dict[str, float | None] = {}
    for name, pair in (("warn", warn), ("error", error)):
        if pair is None:
            continue
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UsageError(f"{name} is {shown(pair)}; give a pair (lower, upper), with None for no limit")
        for side, limit in zip(("lower", "upper"), pair, strict=True):
            found[f"{name}_{side}"] = None if limit is None else to_float(limit, f"{metric} ({name} {side})")
    return found


def _merged(known: BoundSpec, new: BoundSpec) -> BoundSpec:
    limits = {}
    for field in _LIMITS:
        before, after = getattr(known, field), getattr(new, field)
        if before is not None and after is not None and before != after:
            raise UsageError(f"bound {new.bound_id!r} has {field} {before} and {after}; give one of them a bound_id of its own")
        limits[field] = before if after is None else after
    texts = {field: getattr(new, field) or getattr(known, field) for field in ("owner", "message", "runbook_url")}
    return _check(msgspec.structs.replace(new, **limits, **texts))


def _check(spec: BoundSpec) -> BoundSpec:
    try:
        check_bound(spec)
    except Unreadable as error:
        raise UsageError(str(error)) from None
    return spec
