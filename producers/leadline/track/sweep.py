"""A sweep's trials, and the configuration that it chose: an artifact that links the trial to what is made from it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.core.errors import UsageError
from leadline.events.ids import digest

from .described import to_event
from .nodes import Node
from .parameters import to_parameters
from .run import Run
from .shown import shown
from .versions.description import Description

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .parameters import Parameters


class Trial(Run):
    """One try of a sweep, a run below it. Made by `sweep.trial(...)`."""

    def __init__(self, sweep: Run, parameters: Parameters | None, **options: Any) -> None:
        self._sweep = sweep
        self._told = to_parameters({} if parameters is None else parameters)
        super().__init__(
            sweep._client,
            f"{sweep.node.name}.trial",
            sweep.node.namespace,
            parameters=self._told,
            mode=sweep.mode or None,
            owner=sweep._owner,
            **options,
        )

    def parameters(self, values: Parameters | None = None, **more: object) -> None:
        """Those that were suggested meanwhile belong to the configuration too."""
        told = to_parameters({} if values is None else values) | to_parameters(more)
        self._told |= told
        super().parameters(told)

    @property
    def configuration(self) -> Node:
        """The parameters as an artifact of the sweep; the same ones are the same version, whichever trial had them."""
        return configuration(self._sweep.node, self._told)

    def _above(self) -> Run:
        """However far away the sweep's context is: trials run in threads of their own."""
        return self._sweep


def configuration(sweep: Node, parameters: Mapping[str, str]) -> Node:
    """Its version is a hash of names and values, in any order."""
    parts = [part for item in sorted(parameters.items()) for part in item]
    return Node("ARTIFACT", sweep.namespace, f"{sweep.name}.configuration", digest(*parts))


def choose(sweep: Run, trial: Trial) -> Node:
    """Raises UsageError for a trial of another sweep, and one that did not begin."""
    if not isinstance(trial, Trial) or trial._sweep is not sweep:
        raise UsageError(f"{shown(trial)} is no trial of {sweep!r}; give what its trial() returned")
    if not trial.begun:
        raise UsageError(f"{shown(trial)} was not run; write `with sweep.trial(...) as trial:`")
    node = trial.output(trial.configuration)
    event = to_event(trial, node, Description(parameters=trial._told))
    sweep._client.put(event, 2_000, "VersionDescribed")
    return sweep.output(node)
