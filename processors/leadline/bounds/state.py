"""A node's state as bytes: MessagePack, with each report written once although the rings of many series share it."""

import msgspec

from leadline.core.clock import Micros

from .declared import Declared
from .node import Node, SeriesKey, restored
from .sample import Report
from .series import Series


class _Report(msgspec.Struct, array_like=True):
    event_time: Micros
    attempt: int
    event_id: str
    slot: Micros | None
    run_id: str
    job_namespace: str
    job_name: str
    version: str


class _Node(msgspec.Struct, array_like=True):
    kind: str
    namespace: str
    name: str
    bounds: dict[str, Declared]
    series: dict[SeriesKey, Series]


class _Record(msgspec.Struct, array_like=True):
    """In the node, a report stands as its number in `reports`."""

    reports: list[_Report]
    node: msgspec.Raw


def dump(node: Node) -> bytes:
    numbers: dict[int, int] = {}
    reports: list[_Report] = []

    def number(report: Report) -> int:
        known = numbers.get(id(report))
        if known is None:
            known = numbers[id(report)] = len(reports)
            reports.append(msgspec.convert(report, _Report, from_attributes=True))
        return known

    wire = _Node(node.kind, node.namespace, node.name, node.bounds, node.series)
    body = msgspec.msgpack.Encoder(enc_hook=number).encode(wire)
    return msgspec.msgpack.encode(_Record(reports, msgspec.Raw(body)))


def load(data: bytes) -> Node:
    """Raises msgspec.DecodeError for what is no state."""
    record = msgspec.msgpack.decode(data, type=_Record)
    reports = [Report(**msgspec.structs.asdict(report)) for report in record.reports]

    def report(_: type, number: int) -> Report:
        return reports[number]

    wire = msgspec.msgpack.Decoder(_Node, dec_hook=report).decode(record.node)
    return restored(wire.kind, wire.namespace, wire.name, wire.bounds, wire.series)
