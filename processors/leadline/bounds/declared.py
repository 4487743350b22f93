"""Which bound is in force: the operator's before the code's before the built-in one."""

import msgspec
from msgspec.structs import replace

from leadline.events.records import BoundSpec

from .judge import RUN_FAILED, RUN_SUCCEEDED


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """What one origin declared; `version` is the one that brought this spec, repetitions do not count."""

    version: int
    spec: BoundSpec


class Declared(msgspec.Struct, frozen=True, array_like=True):
    """The slots of one bound."""

    code: Slot | None = None
    operator: Slot | None = None


class InForce(msgspec.Struct, frozen=True, array_like=True):
    """The bound that readings are judged by."""

    origin: str
    version: int
    spec: BoundSpec


_RUN_FAILED = InForce("BUILT_IN", 1, BoundSpec(bound_id=RUN_FAILED, metric=RUN_SUCCEEDED, error_lower=1.0))


def declare(declared: Declared, origin: str, version: int, spec: BoundSpec) -> Declared:
    """With the spec in its slot, unless a newer one is there; the very same object where nothing changes.

    The version of a bound next to a reading is the event's time in microseconds, so that a late event overtakes nothing. Code
    repeats its bounds with every reading: that does not count as a newer version.
    """
    code = origin != "OPERATOR"
    slot = declared.code if code else declared.operator
    if slot is not None and ((code and spec == slot.spec) or _rank(version, spec) <= _rank(slot.version, slot.spec)):
        return declared
    slot = Slot(version, spec)
    return replace(declared, code=slot) if code else replace(declared, operator=slot)


def _rank(version: int, spec: BoundSpec) -> tuple[int, int, bytes]:
    """Limits may be added to a bound next to the same reading, so of two with the same version the one with more holds."""
    limits = (spec.warn_lower, spec.warn_upper, spec.error_lower, spec.error_upper)
    return version, sum(limit is not None for limit in limits), msgspec.msgpack.encode(spec)


def in_force(declared: Declared | None, *, built_in: bool) -> InForce | None:
    """None where there is no such bound (any more). A paused bound is in force, and judges nothing."""
    if declared is not None:
        for origin, slot in (("OPERATOR", declared.operator), ("CODE", declared.code)):
            if slot is not None and slot.spec.state != "DELETED":
                return InForce(origin, slot.version, slot.spec)
    # Deleting the built-in bound of a job, by code or by an operator, leaves the job without it.
    untouched = declared is None or (declared.code is None and declared.operator is None)
    return _RUN_FAILED if built_in and untouched else None


def built_in_bounds(kind: str) -> tuple[str, ...]:
    """Bounds that every node of the kind has without anybody declaring them."""
    return (RUN_FAILED,) if kind == "JOB" else ()
