"""What a metric means, said once where the job defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import msgspec

from leadline.core.errors import UsageError
from leadline.events.records import MetricDefinition as Record

from .choices import chosen
from .nodes import MAX_NAME, optional_text, required_text
from .shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

Better = Literal["higher", "lower", ""]
DIRECTIONS = {"higher": "HIGHER_IS_BETTER", "lower": "LOWER_IS_BETTER", "": ""}

defined: dict[str, MetricDefinition] = {}
"""Of this process, by name and by each alias."""


class MetricDefinition(msgspec.Struct, frozen=True):
    """Made by `track.metric_definition(...)`; give it to `run.metric` in place of a name."""

    name: str
    unit: str = ""
    better: Better = ""
    aliases: tuple[str, ...] = ()
    formula_version: str = ""
    description: str = ""

    def __str__(self) -> str:
        return self.name

    def record(self) -> Record:
        return Record(
            metric=self.name,
            unit=self.unit,
            direction=DIRECTIONS[self.better],
            aliases=list(self.aliases),
            formula_version=self.formula_version,
            description=self.description,
        )


def metric_definition(
    name: str,
    *,
    unit: str = "",
    better: Better = "",
    aliases: Iterable[str] = (),
    formula_version: str = "",
    description: str = "",
) -> MetricDefinition:
    """What a metric means: its unit (UCUM, "1" for a share), whether higher or lower values are `better`, its other names.

    `formula_version` changes when the value is computed differently, so that the step is no drift. From now on this process
    knows the name and its aliases: readings under any of them have its name and unit, and the definition travels with the
    first of each node. A later definition of the same name replaces this one. Raises UsageError.
    """
    name = required_text(name, "name of the metric")
    if not isinstance(aliases, list | tuple | set | frozenset):
        raise UsageError(f"aliases is {shown(aliases)}; give a list of names")
    names = dict.fromkeys(required_text(alias, "alias") for alias in aliases)
    others = tuple(alias for alias in names if alias != name)
    made = MetricDefinition(
        name,
        optional_text(unit, "unit", MAX_NAME),
        cast("Better", chosen(better, tuple(DIRECTIONS), "better")),
        others,
        optional_text(formula_version, "formula_version", MAX_NAME),
        optional_text(description, "description", MAX_NAME),
    )
    defined.update(dict.fromkeys((name, *others), made))
    return made


def metric_name(metric: str | MetricDefinition) -> str:
    """Raises UsageError for what is neither."""
    if isinstance(metric, MetricDefinition):
        defined.setdefault(metric.name, metric)
        return metric.name
    return required_text(metric, "name of the metric")
