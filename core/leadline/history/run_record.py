"""Everything that is known of one run, to compare it or to run it again."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.events.records.event import Micros

from .node import NodeRef
from .query import fetch
from .runs import Run, RunData, RunExtent, run_details

_OF_RUN = "job_namespace = {namespace:String} AND job_name = {name:String} AND run_id = {run_id:String}"


class Measured(msgspec.Struct, frozen=True):
    """What a run measured of one series: its last value, in `unit`, of so many."""

    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    unit: str
    value: float
    readings: int
    event_time: Micros

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Origin(msgspec.Struct, frozen=True):
    """Which branch the code was on, and the program, as name/version, that reported the run."""

    code_branch: str
    producer: str


class RunRecord(msgspec.Struct, frozen=True):
    run: Run
    extent: RunExtent
    origin: Origin
    io: list[RunData]
    measured: list[Measured]

    @property
    def seeds(self) -> dict[str, str]:
        return {name: value for name, value in self.extent.parameters.items() if is_seed(name)}

    @property
    def parameters(self) -> dict[str, str]:
        """Without the seeds."""
        return {name: value for name, value in self.extent.parameters.items() if not is_seed(name)}


def is_seed(parameter: str) -> bool:
    """As `run.seed` names them: seed, seed.numpy."""
    return parameter == "seed" or parameter.startswith("seed.")


def record_of(client: Client, run: Run) -> RunRecord:
    """`run` as `find_run` gives it."""
    key = {"namespace": run.job_namespace, "name": run.job_name, "run_id": run.run_id}
    details = run_details(client, run)
    (origin,) = fetch(client, Origin, f"FROM leadline.runs WHERE {_OF_RUN}", **key)
    return RunRecord(run, details.extent, origin, details.io, _measured(client, key))


def _measured(client: Client, key: dict[str, str]) -> list[Measured]:
    last = "argMax(%s, (time, at, position))"
    return fetch(
        client,
        Measured,
        "FROM (SELECT kind, namespace, name, metric, dims, unit AS of, value AS one, time, event_time AS at, position "  # noqa: S608
        f"FROM leadline.readings WHERE {_OF_RUN}) "
        "GROUP BY kind, namespace, name, metric, dims ORDER BY kind, namespace, name, metric, toString(dims)",
        {"unit": last % "of", "value": last % "one", "readings": "count()", "event_time": last % "at"},
        **key,
    )
