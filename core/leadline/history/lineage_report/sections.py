"""The document as sections of names and values, and tables: what HTML and Markdown are both made of. Pure."""

from collections.abc import Iterator

import msgspec

from leadline.core.clock import Micros, isoformat

from ..bounds import BoundVersion
from ..node import NodeRef
from ..runs import Run
from .facts import LineageFacts, Measured, Piece, RunKey
from .judgement import bounds_on, limits, verdict
from .unknown import unknown


class Section(msgspec.Struct, frozen=True):
    """Texts are as they came: whoever renders them escapes them. `note` stands where there are no rows."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""


def title(facts: LineageFacts) -> str:
    return f"Lineage of {facts.piece.node.kind.lower()} {facts.piece.node.name}, version {facts.piece.version}"


def sections(facts: LineageFacts) -> list[Section]:
    return [
        Section("In short", ["", ""], [list(pair) for pair in _summary(facts) if pair[1]]),
        Section("What is not known", ["what"], [[line] for line in unknown(facts)], "Nothing is missing."),
        Section(
            "What it was made from",
            ["runs away", "kind", "name", "version", "made by", "in run", "owner"],
            [_piece(facts, piece, distance) for piece, distance in facts.provenance.distances.items() if distance],
            "No input is known.",
        ),
        Section(
            "Inputs of each run",
            ["job", "run", "read", "version", "how it is known"],
            [
                [one.run.job_name, one.run.run_id, one.piece.node.name, one.piece.version, _PINNED[one.pinned]]
                for one in facts.provenance.sources
            ],
            "No input is known.",
        ),
        Section(
            "Further upstream",
            ["hops away", "kind", "name", "namespace", "owner"],
            [[str(one.distance), *_node(one.node), facts.of(one.node).owner] for one in facts.upstream],
            "By the lineage of jobs there is nothing more.",
        ),
        Section("Runs and code", _RUN_COLUMNS, [_run(key, run) for key, run in facts.runs.items()], "No run is known."),
        Section(
            "Parameters of the run that made it",
            ["name", "value"],
            [[name, value] for name, value in sorted(facts.parameters.items())],
            "None are known.",
        ),
        Section("What it holds", ["", ""], [list(pair) for pair in _holding(facts) if pair[1]], "It was not described."),
        Section(
            "What was made with it",
            ["job", "runs", "first", "last", "wrote", "version last written", "owner"],
            list(_outputs(facts)),
            "No run is known that used it.",
        ),
        Section(
            "Further downstream",
            ["hops away", "kind", "name", "namespace", "owner"],
            [[str(one.distance), *_node(one.node), facts.of(one.node).owner] for one in facts.downstream],
            "By the lineage of jobs there is nothing more.",
        ),
        Section(
            "Metrics and bounds",
            ["of", "version", "metric", "value", "measured", "bound", "verdict", "set by", "since"],
            list(_metrics(facts)),
            "No metric is known.",
        ),
        Section(
            "Alerts that were open",
            ["of", "metric", "severity", "bound", "since", "owner"],
            [[o.name, o.metric, o.severity, o.condition, isoformat(o.opened_at), o.owner] for o in facts.open],
            "None were open.",
        ),
        Section(
            "Decisions",
            ["when", "of", "version", "decision", "by", "reason"],
            [[isoformat(d.event_time), d.name, d.version, d.action, d.actor, d.reason] for d in facts.decisions],
            "None are known.",
        ),
    ]


_PINNED = {
    "SAID": "said by the run",
    "RESOLVED": "taken: it was current when the run started",
    "UNKNOWN": "not known",
}
_RUN_COLUMNS = ["job", "run", "state", "started", "ended", "code", "tool", "host", "as", "owner"]


def _summary(facts: LineageFacts) -> Iterator[tuple[str, str]]:
    node, told = facts.piece.node, facts.of(facts.piece.node)
    maker = facts.provenance.makers.get(facts.piece)
    yield node.kind.lower(), node.name
    yield "namespace", node.namespace
    yield "version", facts.piece.version
    yield "as of", isoformat(facts.as_of)
    yield "history complete up to", isoformat(facts.watermark) if facts.watermark is not None else "not known"
    yield "description", told.description
    yield "owner", told.owner or "nobody is known"
    yield "on call", told.on_call
    yield "lifecycle", told.lifecycle
    yield "tags", ", ".join(f"{name}={value}" for name, value in sorted(told.tags.items()))
    yield "made by", f"{maker.job_name} in {maker.job_namespace}" if maker else "not known"
    yield "in run", maker.run_id if maker else ""
    if facts.version:
        yield "first known", isoformat(facts.version.event_time)
    if maker and maker in facts.runs:
        yield "code", _code(facts.runs[maker])


def _piece(facts: LineageFacts, piece: Piece, distance: int) -> list[str]:
    maker = facts.provenance.makers.get(piece)
    return [
        str(distance),
        piece.node.kind,
        piece.node.name,
        piece.version or "not known",
        maker.job_name if maker else "not known",
        maker.run_id if maker else "",
        facts.of(piece.node).owner,
    ]


def _node(node: NodeRef) -> list[str]:
    return [node.kind, node.name, node.namespace]


def _run(key: RunKey, run: Run) -> list[str]:
    return [
        key.job_name,
        key.run_id,
        run.state,
        isoformat(run.started_at),
        _when(run.ended_at),
        _code(run),
        run.tool,
        run.host,
        run.actor,
        run.owner,
    ]


def _code(run: Run) -> str:
    """For example "git@host/repo 3f2a, not committed", else the hash of the source."""
    if not run.code_commit:
        return f"source {run.code_hash}" if run.code_hash else "not known"
    dirty = ", with changes that were not committed" if run.code_dirty else ""
    return " ".join(filter(None, (run.code_repository, run.code_path, f"{run.code_commit}{dirty}")))


def _holding(facts: LineageFacts) -> Iterator[tuple[str, str]]:
    if facts.holding is None:
        return
    described = facts.holding.description
    yield "class", described.class_name
    yield "format", described.format
    yield "rows", "" if described.rows is None else f"{described.rows:,}"
    yield "bytes", "" if described.size_bytes is None else f"{described.size_bytes:,}"
    yield "hash of the content", described.content_hash
    yield "hash of the schema", described.schema_version
    yield "columns", ", ".join(f"{column.column} {column.type}" for column in facts.holding.columns)
    yield from sorted(described.parameters.items())


def _outputs(facts: LineageFacts) -> Iterator[list[str]]:
    for one in facts.outputs:
        first, last = isoformat(one.first_run), isoformat(one.last_run)
        owner = facts.of(one.node).owner if one.kind else ""
        yield [one.job_name, str(one.runs), first, last, one.name or "nothing that is known", one.last_version, owner]


def _metrics(facts: LineageFacts) -> Iterator[list[str]]:
    """Its own first."""
    for one in sorted(facts.measured, key=lambda one: one.node != facts.piece.node):
        if not _concerns(facts, one):
            continue
        name = " ".join([one.metric, *(f"{key}={value}" for key, value in sorted(one.dims.items()))])
        value = f"{one.value:.6g}{'' if one.unit in ('', '1') else f' {one.unit}'}"
        row = [one.name, one.version, name, value, isoformat(one.measured_at)]
        bounds = bounds_on(one, facts.bounds.get(one.node, []))
        for bound in bounds:
            yield [*row, *_bound(bound, one.value)]
        if not bounds:
            yield [*row, "no bound", "", "", ""]


def _bound(bound: BoundVersion, value: float) -> list[str]:
    who = bound.actor or ("code" if bound.origin == "CODE" else bound.origin.lower())
    return [limits(bound), verdict(value, bound), who, isoformat(bound.valid_from)]


def _concerns(facts: LineageFacts, measured: Measured) -> bool:
    """Of the versions in the picture, of those that were written with it last, or of no version at all."""
    above = {piece.version for piece in facts.provenance.distances if piece.node == measured.node}
    below = {one.last_version for one in facts.outputs if one.node == measured.node}
    return measured.version in {"", *above, *below} or "" in below


def _when(moment: Micros | None) -> str:
    return "" if moment is None else isoformat(moment)
