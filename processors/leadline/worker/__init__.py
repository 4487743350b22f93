"""What every Faust role shares: the app and its settings, the apply rule, ticks, deadlines, watchdog, health."""

from .role import Role
from .run import run_worker

__all__ = ["Role", "run_worker"]
