"""What to look at when something is missing: where it is, who has read how far, and what the processes said last."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from leadline.bounds import app as bounds
from leadline.clickhouse.app import GROUP as SINK
from leadline.core.settings import Settings
from leadline.enrichment.app import GROUP as ENRICHMENT
from leadline.events.kafka import consumer_config
from leadline.events.records import DeadLetter
from leadline.events.topics import ALERTS, CHANGES, DEAD_LETTERS, LINEAGE, LOGS, METRICS, RUNS, TRANSITIONS, topic_named
from leadline.lineage import app as lineage

from .ledger import Difference
from .topics import events

_STORED = (RUNS, METRICS, LOGS, LINEAGE, CHANGES, TRANSITIONS, ALERTS)
_READ_BY = {
    SINK: _STORED,
    lineage.ROLE.app_id: (RUNS,),
    bounds.ROLE.app_id: (METRICS,),
    ENRICHMENT: (TRANSITIONS,),
}
_SHOWN = 10
_LOG_LINES = 25

Place = tuple[str, int, int]
"""Topic, partition, offset."""


def diagnosis(settings: Settings, found: Sequence[Difference]) -> str:
    """Of each difference the first ten ids: in Kafka where, read by whom, dead-lettered or not. Asks the running stack."""
    committed = {group: dict(_committed(settings, group, topics)) for group, topics in _READ_BY.items()}
    wanted = {identifier.split("/")[0].split()[0] for each in found for identifier in (each.missing + each.surplus)}
    places = _places(settings, wanted)
    buried = {
        (letter.topic, letter.partition, letter.offset): f"{letter.consumer}: {letter.reason}"
        for *_, letter in events(settings, DEAD_LETTERS)
        if isinstance(letter, DeadLetter)
    }
    lines = [f"{len(buried)} dead letters: {sorted(buried.items())[:_SHOWN]}"]
    for each in found:
        lines.append(str(each))
        for word, identifiers in (("missing", each.missing), ("too many", each.surplus)):
            for identifier in identifiers[:_SHOWN]:
                known = places.get(identifier.split("/")[0].split()[0], [])
                where = "; ".join(_where(place, committed, buried) for place in known) or "not in Kafka"
                lines.append(f"    {word}: {identifier}: {where}")
    return "\n".join([*lines, *_lags(settings, committed)])


def last_words(logs: Path) -> str:
    """The end of each process's log."""
    return "\n".join(
        f"--- the end of {log}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        for log in sorted(logs.glob("*.log"))
    )


def _places(settings: Settings, wanted: set[str]) -> dict[str, list[Place]]:
    places: dict[str, list[Place]] = {}
    for topic in _STORED:
        for partition, offset, _, event in events(settings, topic):
            if event.event_id in wanted:
                places.setdefault(event.event_id, []).append((topic, partition, offset))
    return places


def _where(place: Place, committed: dict[str, dict[tuple[str, int], int]], buried: dict[Place, str]) -> str:
    topic, partition, offset = place
    past = [group for group, offsets in committed.items() if offsets.get((topic, partition), -1) > offset]
    return f"{topic}[{partition}]@{offset}, committed by {past or 'nobody'}" + (
        f", dead-lettered by {buried[place]}" if place in buried else ""
    )


def _committed(settings: Settings, group: str, topics: Iterable[str]) -> Iterator[tuple[tuple[str, int], int]]:
    client = Consumer(consumer_config(settings, group))
    try:
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(topic_named(topic).partitions)]
        for found in client.committed(partitions, timeout=30):
            yield (found.topic, found.partition), found.offset
    finally:
        client.close()


def _lags(settings: Settings, committed: dict[str, dict[tuple[str, int], int]]) -> Iterator[str]:
    client = Consumer(consumer_config(settings, "fault-test-reader"))
    try:
        for group, offsets in committed.items():
            for (topic, partition), offset in offsets.items():
                _, end = client.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
                if max(offset, 0) < end:
                    yield f"{group} has committed {topic}[{partition}] up to {max(offset, 0)} of {end}"
    finally:
        client.close()
