"""Downward from a version: the runs that read it, and what they wrote."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from ..query import MOMENT, fetch
from .facts import Output, Piece, RunKey
from .provenance import RUNS, run_set

_MAX_RUNS = 1_000
_AT_ONCE = 500


class Reader(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    started_at: Micros

    @property
    def key(self) -> RunKey:
        return RunKey(self.job_namespace, self.job_name, self.run_id)


class Write(msgspec.Struct, frozen=True):
    job_namespace: str
    job_name: str
    run_id: str
    kind: str
    namespace: str
    name: str
    version: str

    @property
    def key(self) -> RunKey:
        return RunKey(self.job_namespace, self.job_name, self.run_id)


def used(client: Client, piece: Piece, as_of: Micros) -> tuple[list[Output], bool]:
    """What was made with it, and whether more runs read it than were looked at: the newest are."""
    readers = fetch(
        client,
        Reader,
        "FROM leadline.run_inputs WHERE kind = {kind:String} AND namespace = {namespace:String} AND name = {name:String} "
        f"AND version = {{version:String}} AND started_at <= {MOMENT % 'as_of'} "
        f"ORDER BY started_at DESC, run_id LIMIT {_MAX_RUNS}",
        **msgspec.structs.asdict(piece.node),
        version=piece.version,
        as_of=as_of,
    )
    return outputs(readers, _writes(client, [reader.key for reader in readers], as_of)), len(readers) == _MAX_RUNS


def outputs(readers: Iterable[Reader], writes: Iterable[Write]) -> list[Output]:
    """By job and node; a job that wrote nothing that is known has one without a node. Pure."""
    started = {reader.key: reader.started_at for reader in readers}
    wrote = {write.key for write in writes}
    silent = [Write(key.job_namespace, key.job_name, key.run_id, "", "", "", "") for key in started.keys() - wrote]
    return [_output(group) for group in _grouped([*writes, *silent], started)]


def _grouped(writes: Iterable[Write], started: dict[RunKey, Micros]) -> Iterator[list[tuple[Micros, Write]]]:
    """Of one job and node, in the order of their runs."""

    def place(pair: tuple[Micros, Write]) -> tuple[str, ...]:
        write = pair[1]
        return write.job_namespace, write.job_name, write.kind, write.namespace, write.name

    pairs = sorted(((started[write.key], write) for write in writes), key=lambda pair: (place(pair), pair[0], pair[1].run_id))
    for _, group in groupby(pairs, place):
        yield list(group)


def _output(group: list[tuple[Micros, Write]]) -> Output:
    (first, _), (last, newest) = group[0], group[-1]
    return Output(
        newest.job_namespace,
        newest.job_name,
        newest.kind,
        newest.namespace,
        newest.name,
        len({write.run_id for _, write in group}),
        first,
        last,
        newest.run_id,
        newest.version,
    )


def _writes(client: Client, runs: list[RunKey], as_of: Micros) -> list[Write]:
    return [
        write
        for start in range(0, len(runs), _AT_ONCE)
        for write in fetch(
            client,
            Write,
            f"FROM leadline.run_io WHERE direction = 'OUTPUT' AND (job_namespace, job_name, run_id) IN {RUNS} "
            f"AND event_time <= {MOMENT % 'as_of'} ORDER BY ALL",
            runs=run_set(runs[start : start + _AT_ONCE]),
            as_of=as_of,
        )
    ]
