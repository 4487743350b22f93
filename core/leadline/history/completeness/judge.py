"""What is known of jobs, against what is asked of them. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from leadline.core.clock import DAY, isoformat
from leadline.events.records.event import Micros

from ..node import NodeRef
from .policy import Policy, Requirement


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`unpinned`: what its newest successful run read of which no version is known."""

    job: NodeRef
    owner: str = ""
    on_call: str = ""
    description: str = ""
    code: str = ""
    inputs: int = 0
    outputs: int = 0
    unpinned: list[NodeRef] = []
    bounds: int = 0
    last_success: Micros | None = None


class Missing(msgspec.Struct, frozen=True):
    """`detail`: of what, or how so; mostly empty."""

    requirement: Requirement
    detail: str = ""


class JobCompleteness(msgspec.Struct, frozen=True):
    """`share` of what is asked that is there, 0 to 1."""

    job: NodeRef
    owner: str
    share: float
    asked: list[Requirement]
    missing: list[Missing]


class OwnerCompleteness(msgspec.Struct, frozen=True):
    """All jobs of one owner; empty: those that nobody owns. `share`: of all that is asked of them, 0 to 1."""

    owner: str
    jobs: int
    complete: int
    share: float


def judge(facts: Iterable[JobFacts], policy: Policy, now: Micros) -> list[JobCompleteness]:
    """The least complete first; jobs of which nothing is asked are left out."""
    since = now - round(policy.success_within_days * DAY)
    judged = [_judged(known, asked, since) for known in facts if (asked := policy.asked_of(known.job))]
    return sorted(judged, key=lambda one: (one.share, one.owner, one.job))


def _judged(known: JobFacts, asked: list[Requirement], since: Micros) -> JobCompleteness:
    missing = [lack for name in asked if (lack := _missing(name, known, since))]
    return JobCompleteness(known.job, known.owner, 1.0 - len(missing) / len(asked), asked, missing)


def by_owner(jobs: Iterable[JobCompleteness]) -> list[OwnerCompleteness]:
    """The least complete first."""
    owned: dict[str, list[JobCompleteness]] = defaultdict(list)
    for one in jobs:
        owned[one.owner].append(one)
    summed = [
        OwnerCompleteness(
            owner,
            len(theirs),
            sum(not one.missing for one in theirs),
            1.0 - sum(len(one.missing) for one in theirs) / sum(len(one.asked) for one in theirs),
        )
        for owner, theirs in owned.items()
    ]
    return sorted(summed, key=lambda one: (one.share, one.owner))


def _missing(name: Requirement, known: JobFacts, since: Micros) -> Missing | None:
    match name:
        case "input_versions":
            return Missing(name, ", ".join(ref.name for ref in known.unpinned)) if known.unpinned else None
        case "success":
            if known.last_success is None:
                return Missing(name, "never")
            return Missing(name, f"not since {isoformat(known.last_success)}") if known.last_success < since else None
        case _:
            return None if _TOLD[name](known) else Missing(name)


_TOLD: dict[Requirement, Callable[[JobFacts], object]] = {
    "owner": lambda known: known.owner,
    "on_call": lambda known: known.on_call,
    "code": lambda known: known.code,
    "inputs": lambda known: known.inputs,
    "outputs": lambda known: known.outputs,
    "bound": lambda known: known.bounds,
    "documentation": lambda known: known.description,
}
