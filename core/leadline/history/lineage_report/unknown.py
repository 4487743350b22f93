"""What is not known, said: an auditor must not take silence for a good answer. Pure."""

from collections.abc import Iterator

from leadline.core.clock import isoformat

from .facts import LineageFacts
from .judgement import bounds_on


def unknown(facts: LineageFacts) -> list[str]:
    """Sentences, the gravest first."""
    return [*_of_the_store(facts), *_of_the_way(facts), *_of_runs(facts), *_of_the_piece(facts)]


def _of_the_store(facts: LineageFacts) -> Iterator[str]:
    if facts.watermark is None:
        yield "How complete the history is cannot be said: the store does not know how far it has read."
    elif facts.watermark < facts.as_of:
        yield f"The history is complete up to {isoformat(facts.watermark)}; what was reported later may be missing."
    if facts.provenance.truncated:
        yield "The way up was cut off by its length: there is more above."


def _of_the_way(facts: LineageFacts) -> Iterator[str]:
    way = facts.provenance
    if facts.piece not in way.makers:
        yield f"No run is known that made version {facts.piece.version} of {facts.piece.node.name}."
    for source in way.sources:
        if source.pinned == "UNKNOWN":
            yield f"Run {source.run.run_id} of {source.run.job_name} read {source.piece.node.name}; which version is not known."
    resolved = sum(source.pinned == "RESOLVED" for source in way.sources)
    if resolved:
        yield (
            f"Of {resolved} of {len(way.sources)} inputs the run did not say the version: the one that was current when it "
            "started was taken."
        )
    for piece in way.distances:
        if piece != facts.piece and piece.version and piece not in way.makers:
            yield f"No run is known that made version {piece.version} of {piece.node.name}."


def _of_runs(facts: LineageFacts) -> Iterator[str]:
    for key, run in facts.runs.items():
        if not run.code_commit and not run.code_hash:
            yield f"The code of run {key.run_id} of {key.job_name} is not known."
        elif run.code_dirty:
            yield f"Run {key.run_id} of {key.job_name} had changes that were not committed."
        if run.state != "COMPLETE":
            yield f"Run {key.run_id} of {key.job_name} was {run.state} at that time."


def _of_the_piece(facts: LineageFacts) -> Iterator[str]:
    if facts.holding is None:
        yield "What this version holds was not described."
    if not facts.outputs:
        yield "No run is known that used this version."
    if facts.more_use:
        yield "More runs used this version than were looked at: the newest were."
    mine = [one for one in facts.measured if one.node == facts.piece.node]
    if not mine:
        yield "No metric of it is known."
    elif not any(bounds_on(one, facts.bounds.get(one.node, [])) for one in mine):
        yield "No bound was on any of its metrics."
    if not facts.decisions:
        yield "No decision about it, or about what it was made from, is known."
    unowned = [node.name for node in dict.fromkeys(one.node for one in facts.provenance.distances) if not facts.of(node).owner]
    if unowned:
        yield f"Nobody is known to own {', '.join(unowned)}."
