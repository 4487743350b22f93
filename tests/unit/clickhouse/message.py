"""A stand-in with the methods of confluent_kafka.Message that the sink reads; the real class cannot be made in Python."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FakeMessage:
    value_: bytes | None
    offset_: int = 0
    topic_: str = "leadline.runs"
    partition_: int = 0
    timestamp_ms: int = 1_000
    headers_: list[tuple[str, bytes]] = field(default_factory=list)

    def topic(self) -> str:
        return self.topic_

    def partition(self) -> int:
        return self.partition_

    def offset(self) -> int:
        return self.offset_

    def timestamp(self) -> tuple[int, int]:
        return 2, self.timestamp_ms

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self.headers_ or None

    def value(self) -> bytes | None:
        return self.value_
