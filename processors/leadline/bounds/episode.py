"""Readings in order to episodes: one step at a time."""

import msgspec
from msgspec.structs import replace

from leadline.events.records import BoundSpec

from .judge import OK, distance
from .sample import Sample


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """One continuous violation. `end` is the reading that was within again; None while it is open."""

    opening: Sample
    severity: int
    latest: Sample
    worst: Sample
    distance: float
    readings: int
    good: Sample | None
    end: Sample | None = None


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """Where a series stands after a reading: the open episode and the last good reading."""

    episode: Episode | None = None
    good: Sample | None = None


def step(standing: Standing, sample: Sample, spec: BoundSpec) -> Standing:
    if sample.level == OK:
        return Standing(None, sample)
    episode = standing.episode
    if episode is None:
        outside = distance(spec, sample.value)
        return Standing(Episode(sample, sample.level, sample, sample, outside, 1, standing.good), standing.good)
    return Standing(_continued(episode, sample, spec), standing.good)


def ended_by(standing: Standing, sample: Sample) -> Episode | None:
    """The episode that the reading ends, if it ends one."""
    if sample.level == OK and standing.episode is not None:
        return replace(standing.episode, end=sample)
    return None


def _continued(episode: Episode, sample: Sample, spec: BoundSpec) -> Episode:
    outside = distance(spec, sample.value)
    worse = outside > episode.distance
    return replace(
        episode,
        severity=sample.level,
        latest=sample,
        worst=sample if worse else episode.worst,
        distance=outside if worse else episode.distance,
        readings=episode.readings + 1,
    )


def derive(base: Standing, samples: list[Sample], spec: BoundSpec) -> tuple[Standing, list[Episode]]:
    """The standing after all samples, and the episodes on the way, in order; only the last may be open."""
    standing, episodes = base, []
    for sample in samples:
        ended = ended_by(standing, sample)
        if ended is not None:
            episodes.append(ended)
        standing = step(standing, sample, spec)
    if standing.episode is not None:
        episodes.append(standing.episode)
    return standing, episodes
