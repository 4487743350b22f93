"""Who is killed when: drawn from a seed."""

import random
from dataclasses import dataclass

from .moments import MOMENTS, Moment


@dataclass(frozen=True)
class Kill:
    """Of `role`, once `at` events were sent: at the n-th pass of an exact moment, or (None) at whatever it does just then."""

    at: int
    role: str
    moment: Moment | None
    passes: int

    def __str__(self) -> str:
        return f"after {self.at} events: {self.role} at " + (
            f"pass {self.passes} of {self.moment}" if self.moment else "random"
        )


def plan(seed: int, count: int, each: int) -> list[Kill]:
    """`each` kills of every role over `count` events: of each role at least one at random, the others at exact moments."""
    chance = random.Random(seed)
    drawn = [(role, moment) for role in MOMENTS for moment in _moments(role, each, chance)]
    chance.shuffle(drawn)
    times = sorted(chance.randrange(count) for _ in drawn)
    return [Kill(at, role, moment, chance.randint(1, 3)) for at, (role, moment) in zip(times, drawn, strict=True)]


def _moments(role: str, each: int, chance: random.Random) -> list[Moment | None]:
    exact: list[Moment | None] = list(MOMENTS[role])
    chance.shuffle(exact)
    return [*exact[: each - 1], *[None] * (each - len(exact[: each - 1]))]
