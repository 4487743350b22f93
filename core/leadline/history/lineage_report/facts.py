"""What the document tells: all as of one time."""

import msgspec

from leadline.events.records.event import Micros

from ..bounds import BoundVersion
from ..node import NodeRef
from ..runs import Run
from ..told import NOTHING, Told
from ..versions import Holding, Version


class Piece(msgspec.Struct, frozen=True, order=True):
    """A version of a node; empty: not known which."""

    node: NodeRef
    version: str = ""


class RunKey(msgspec.Struct, frozen=True, order=True):
    job_namespace: str
    job_name: str
    run_id: str


class Source(msgspec.Struct, frozen=True):
    """A run read a piece; `pinned`: SAID by the run, RESOLVED from what was current when it started, or UNKNOWN."""

    run: RunKey
    piece: Piece
    pinned: str


class Provenance(msgspec.Struct, frozen=True):
    """Upward from one piece. `distances`: in runs; the piece itself has 0. `truncated`: there may be more."""

    distances: dict[Piece, int]
    makers: dict[Piece, RunKey]
    sources: list[Source]
    truncated: bool


class Output(msgspec.Struct, frozen=True):
    """What runs of one job that read the piece wrote to one node; an empty kind: nothing that is known."""

    job_namespace: str
    job_name: str
    kind: str
    namespace: str
    name: str
    runs: int
    first_run: Micros
    last_run: Micros
    last_run_id: str
    last_version: str

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Measured(msgspec.Struct, frozen=True):
    """The last value of one series by then."""

    kind: str
    namespace: str
    name: str
    version: str
    metric: str
    dims: dict[str, str]
    unit: str
    value: float
    measured_at: Micros

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Decision(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str
    version: str
    action: str
    actor: str
    reason: str
    event_time: Micros

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Open(msgspec.Struct, frozen=True):
    """An episode that was open then."""

    kind: str
    namespace: str
    name: str
    metric: str
    severity: str
    condition: str
    opened_at: Micros
    owner: str


class Beyond(msgspec.Struct, frozen=True):
    """A node of which only the lineage of jobs is known, not versions; `distance` in hops."""

    node: NodeRef
    distance: int


class LineageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`as_of` is the time of the question where none was given.

    `upstream`, `downstream`: what is there by the lineage of jobs alone, beyond the versions.
    """

    piece: Piece
    as_of: Micros
    watermark: Micros | None
    version: Version | None
    holding: Holding | None = None
    provenance: Provenance
    parameters: dict[str, str] = {}
    outputs: list[Output] = []
    more_use: bool = False
    upstream: list[Beyond] = []
    downstream: list[Beyond] = []
    runs: dict[RunKey, Run] = {}
    told: dict[NodeRef, Told] = {}
    measured: list[Measured] = []
    bounds: dict[NodeRef, list[BoundVersion]] = {}
    decisions: list[Decision] = []
    open: list[Open] = []

    def of(self, node: NodeRef) -> Told:
        return self.told.get(node, NOTHING)
