"""Changes upstream, ranked by how well all that was measured fits the place where each of them first could be seen.

Three kinds of answers compete: one of the changes did it, something did that nobody reported, and nothing happened at all.
Their weights are a prior times the likelihood of what was measured; a share of the whole is the probability.
"""

import math
import statistics
from typing import NamedTuple

from leadline.core.clock import Micros

from ..node import NodeRef
from .answer import Cause, Effect
from .candidates import Candidate, find_candidates
from .facts import Alert, Facts
from .happened import happened
from .hypotheses import weigh
from .reach import Reach
from .series import Table, alert_series, spread, table
from .witnesses import find_witnesses, usual_rows, witness

HISTORY_ROWS = 150
"""Before the alert: older ones say nothing about it."""
ROWS_AFTER = 45
"""After the alert: what changes later is another story."""
HIGH, MEDIUM = 0.7, 0.5
"""Probabilities from which on confidence is high and medium."""
MIN_BEFORE = 4
SHOWN_EFFECTS = 4
VISIBLE = 0.35
"""How far the alert's own metric must have moved, in units of what it usually varies, for more than low confidence."""


class Verdict(NamedTuple):
    """`shifted`: the slot (or time) where the series most likely shifted; None: nowhere."""

    causes: list[Cause]
    shifted: Micros | None


def judge(facts: Facts, alert: Alert, reach: Reach) -> Verdict | None:
    """The causes, most likely first. None: there are too few readings to see a shift."""
    measuring = NodeRef("JOB", alert.job_namespace, alert.job_name)
    whole = table(measuring, alert_series(alert), facts.readings)
    if whole is None:
        return None
    at = _row_of(whole, alert)
    found = _cut(whole, max(0, at + 1 - HISTORY_ROWS), min(len(whole.rows), at + 1 + ROWS_AFTER))
    at = _row_of(found, alert)
    main = witness(measuring, found, usual_rows(at + 1))
    candidates = [one for one in find_candidates(happened(facts, reach), main, reach, alert) if one.row <= at]
    others = find_witnesses(facts.readings, measuring, found.positions[0], found.positions[-1], reach)
    weighed = weigh(candidates, main, others, reach)
    best = max(range(1, at + 1), key=main.patterns.spell, default=0)
    causes = [
        _cause(one, share, best, effects_at(found, one.row, len(found.rows)), _Case(found, alert, reach))
        for one, share in zip(candidates, weighed.candidates, strict=True)
    ]
    order = sorted(causes, key=lambda cause: (-cause.probability, -cause.change.event_time))
    shifted = found.positions[best] if best and main.patterns.spell(best) > math.log(at) else None
    return Verdict(order, shifted)


def _cut(whole: Table, first: int, end: int) -> Table:
    rows = slice(first, end)
    return Table(whole.names, whole.positions[rows], whole.rows[rows], whole.runs[rows], whole.modes[rows])


class _Case(NamedTuple):
    table: Table
    alert: Alert
    reach: Reach


def _row_of(table: Table, alert: Alert) -> int:
    where = alert.slot if alert.slot is not None else alert.event_time
    return max((index for index, position in enumerate(table.positions) if position <= where), default=len(table.rows) - 1)


def _cause(one: Candidate, probability: float, best: int, effects: list[Effect], case: _Case) -> Cause:
    visible = bool(effects) and _towards_violation(effects[0], case.alert) >= VISIBLE
    confidence = "low" if not visible or probability < MEDIUM else "high" if probability >= HIGH else "medium"
    return Cause(
        change=one.change,
        confidence=confidence,
        probability=round(probability, 3),
        run=case.reach.runs.get(one.change.run),
        path=[job.name for job in one.path],
        first_reached=case.table.positions[one.row],
        effects=effects,
        evidence=_evidence(one, best, effects, visible),
    )


def effects_at(table: Table, index: int, end: int) -> list[Effect]:
    """The alert's metric first, then those measured beside it."""
    before, after = table.rows[max(0, index - 30) : index], table.rows[index : min(end, index + 30)]
    if len(before) < MIN_BEFORE or not after:
        return []
    sides = (zip(*rows, strict=True) for rows in (before, after, table.rows[:index]))
    columns = zip(table.names, *sides, strict=True)
    return [
        Effect(
            kind=name.node.kind,
            namespace=name.node.namespace,
            name=name.node.name,
            metric=name.metric,
            dims=dict(name.dims),
            before=statistics.median(old),
            after=statistics.median(new),
            spread=spread(usual),
        )
        for name, old, new, usual in columns
    ]


def _towards_violation(effect: Effect, alert: Alert) -> float:
    """How far the metric moved to the side on which it left its bound, in units of what it usually varies."""
    moved = (effect.after - effect.before) / (effect.spread or 1.0)
    if alert.threshold is None:
        return abs(moved)
    return moved if alert.value > alert.threshold else -moved


def _evidence(candidate: Candidate, best: int, effects: list[Effect], visible: bool) -> list[str]:
    moved = [effect for effect in effects if effect.spread and abs(effect.after - effect.before) >= VISIBLE * effect.spread]
    most = sorted(moved, key=lambda effect: -abs(effect.after - effect.before) / effect.spread)[:SHOWN_EFFECTS]
    found = [f"{one.metric} of {one.name} went from {one.before:.4g} to {one.after:.4g} there (medians)" for one in most]
    away = candidate.row - best
    if away == 0:
        found.insert(0, "what was measured shifted exactly where this change first could be seen")
    else:
        side = "after" if away > 0 else "before"
        found.insert(0, f"first could be seen {abs(away)} readings {side} the place where what was measured shifted")
    if effects and not visible:
        found.append(f"{effects[0].metric} itself hardly moved there")
    if not effects:
        found.append("too few readings since to tell")
    return found
