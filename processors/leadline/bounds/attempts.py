"""Which readings count where a later try replaces an earlier one.

A retry of a job's slot replaces what its earlier tries measured. Not so the outcome of a run: that the first try failed stays
true when the second one works, so the second one resolves what the first one opened.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from .judge import RUN_SUCCEEDED
from .sample import Sample

ABSORBED = -1
"""Level of a reading that no longer counts, since what it says has left the ring with an earlier one."""

Ring = tuple[Sample, ...]
Group = tuple[Any, ...]


def group(metric: str, sample: Sample) -> Group | None:
    """Readings of one group replace each other; None for one that neither replaces nor is replaced."""
    report = sample.report
    if report.slot is None or metric == RUN_SUCCEEDED:
        return None
    return report.job_namespace, report.job_name, report.slot


def may_replace(metric: str, sample: Sample) -> bool:
    """False only where the reading can replace none before it, so that most need no look at the others."""
    return sample.report.attempt > 1 and group(metric, sample) is not None


def counting(metric: str, ring: Sequence[Sample]) -> list[Sample]:
    """The readings that count, in order; one that replaces others stands where the first of them stood."""
    groups: dict[Group, list[Sample]] = defaultdict(list)
    for sample in ring:
        mates = group(metric, sample)
        if mates is not None and sample.level != ABSORBED:
            groups[mates].append(sample)
    replaced: dict[int, Sample | None] = {}
    for samples in groups.values():
        if len(samples) > 1:
            replaced.update(_replacements(samples))
    found = (replaced.get(id(sample), sample) for sample in ring if sample.level != ABSORBED)
    kept = [sample for sample in found if sample is not None]
    return sorted(kept, key=_place) if replaced else kept


def _replacements(samples: list[Sample]) -> dict[int, Sample | None]:
    best = max(sample.report.attempt for sample in samples)
    top = next(sample for sample in samples if sample.report.attempt == best)
    gone: dict[int, Sample | None] = {id(sample): None for sample in samples if sample.report.attempt < best}
    if gone and top is not samples[0]:
        gone[id(top)] = replace(top, first=samples[0])
    return gone


def _place(sample: Sample) -> tuple[Any, ...]:
    return (sample.first or sample).key


def evict(metric: str, ring: Ring) -> tuple[Sample | None, Ring]:
    """What the oldest reading's place says for good (None: nothing), and the rest, where that is not said again."""
    oldest, rest = ring[0], ring[1:]
    if oldest.level == ABSORBED:
        return None, rest
    leaving = counting(metric, ring)[0]
    mates = group(metric, oldest)
    best = leaving.report.attempt
    return leaving, tuple(
        replace(sample, level=ABSORBED)
        if mates is not None and group(metric, sample) == mates and (sample.report.attempt < best or sample.key == leaving.key)
        else sample
        for sample in rest
    )
