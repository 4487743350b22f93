"""Changes upstream, ranked by how well the shift fits the place where each of them first could be seen.

Three kinds of answers compete: one of the changes did it, something did that is no known change, and nothing shifted at all.
Their weights are the prior below times the likelihood of a shift at their place; a share of the whole is the probability.
"""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from .answer import Cause, Effect
from .candidates import Candidate, find_candidates
from .facts import Alert, Facts
from .reach import Reach
from .series import MIN_POSITIONS, Table, spread
from .shift import MIN_SIDE, profile, whitened

HISTORY_ROWS = 150
"""Before the first change: what is usual."""
ROWS_AFTER = 45
"""After the alert: what changes later is another story."""
UNKNOWN = 1.0
"""Prior of a shift that no known change is behind, spread over all places, beside 1.0 of a commit."""
HIGH, MEDIUM = 0.7, 0.4
"""Probabilities from which on confidence is high and medium."""
SHOWN_EFFECTS = 4
VISIBLE = 0.35
"""How far the alert's own metric must have moved, in units of what it usually varies, for more than low confidence."""


class Verdict(NamedTuple):
    """`shifted`: the row where the series most likely shifted; None: nowhere."""

    causes: list[Cause]
    shifted: int | None


def judge(facts: Facts, alert: Alert, table: Table, reach: Reach) -> Verdict:
    """The causes, most likely first."""
    at = _row_of(table, alert)
    candidates = [one for one in find_candidates(facts.changes, table, reach, alert) if one.row <= at]
    end = min(len(table.rows), at + 1 + ROWS_AFTER)
    first = min((one.row for one in candidates), default=at)
    usual = max(first, min(MIN_POSITIONS, end // 2))
    begin = max(0, usual - HISTORY_ROWS)
    white = whitened(table.rows[begin:end], usual - begin)
    gains = [0.0] * begin + profile(white, usual - begin)
    penalty = _penalty(len(table.names), len(white))
    best = max(range(usual, end), key=lambda row: gains[row], default=usual)
    likely = _probabilities(candidates, gains, penalty, range(usual, end))
    causes = [
        _cause(one, share, best, effects_at(table, one.row, end), _Case(table, alert, reach))
        for one, share in zip(candidates, likely, strict=True)
    ]
    order = sorted(causes, key=lambda cause: (-cause.probability, -cause.change.event_time))
    return Verdict(order, best if best <= at and gains[best] > penalty else None)


class _Case(NamedTuple):
    table: Table
    alert: Alert
    reach: Reach


def _row_of(table: Table, alert: Alert) -> int:
    where = alert.slot if alert.slot is not None else alert.event_time
    return max((index for index, position in enumerate(table.positions) if position <= where), default=len(table.rows) - 1)


def _penalty(dimensions: int, rows: int) -> float:
    """What a second mean gains by chance, as BIC has it."""
    return dimensions / 2 * math.log(rows) + math.log(rows)


def _probabilities(candidates: Sequence[Candidate], gains: list[float], penalty: float, places: range) -> list[float]:
    logs = [math.log(one.prior) + gains[one.row] for one in candidates]
    unknown = [math.log(UNKNOWN / len(places)) + gains[row] for row in places]
    top = max([penalty, *logs, *unknown])
    total = sum(math.exp(value - top) for value in (penalty, *logs, *unknown))
    return [math.exp(value - top) / total for value in logs]


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
    if min(len(before), len(after)) < MIN_SIDE:
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
