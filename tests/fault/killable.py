"""A stack whose processes may be killed; what it leaves behind is kept when a test fails."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadline.core.settings import Settings
from leadline.local import Stack

from ..conftest import free_port_base, wait_until
from .diagnosis import last_words
from .kills import Kill
from .moments import Trap

_BACK_WITHIN_SECONDS = 120


class Killable:
    """`story` is what happened to its processes, with the seconds since it was made."""

    def __init__(self, data: Path, trap: Trap) -> None:
        self.data = data
        self.story: list[tuple[float, str, str]] = []
        self.settings = Settings()
        self._trap = trap
        self._made = time.monotonic()
        self._stack = Stack(data, port_base=free_port_base(), report=self._tell)

    def start(self) -> None:
        self.settings = self._stack.start()

    def stop(self) -> None:
        self._stack.stop()

    def wait_healthy(self) -> None:
        """Until all are back."""
        self._stack.wait_healthy(_BACK_WITHIN_SECONDS)

    def kill(self, kill: Kill) -> None:
        """Returns when the supervisor has seen the role end by SIGKILL."""
        deaths = self._deaths(kill.role)
        self.tell(str(kill))
        if kill.moment is None:
            self._pid(kill.role)
            self._stack.kill(kill.role)
        else:
            victim = None if kill.moment.role == kill.role else self._pid(kill.role)
            self.tell(f"seen: {self._trap.kill(kill.moment, kill.passes, victim)}")
        wait_until(lambda: self._deaths(kill.role) > deaths, seconds=30, what=f"{kill.role} to be found dead")

    def tell(self, what: str) -> None:
        """Of the test itself."""
        self._tell("test", what)

    def told(self) -> str:
        """The story, a line each."""
        return "\n".join(f"{seconds:7.1f} s {name}: {what}" for seconds, name, what in self.story)

    def _tell(self, name: str, what: str) -> None:
        self.story.append((time.monotonic() - self._made, name, what))

    def _deaths(self, role: str) -> int:
        return sum(name == role and what.startswith("was ended by SIGKILL") for _, name, what in self.story)

    def _pid(self, role: str) -> int:
        """Once it runs."""
        wait_until(lambda: role in self._stack.pids(), seconds=_BACK_WITHIN_SECONDS, what=f"{role} to run")
        return self._stack.pids()[role]


@contextmanager
def killable(trap: Trap) -> Iterator[Killable]:
    """Prints the story; if what is done with it fails, also the ends of the logs, and keeps the data directory."""
    data = Path(tempfile.mkdtemp(prefix="leadline-fault-"))
    made = Killable(data, trap)
    try:
        made.start()
        try:
            yield made
        finally:
            made.stop()
    except BaseException:
        print(last_words(data / "logs"), f"all of it is kept in {data}", sep="\n")
        raise
    finally:
        print(made.told())
    shutil.rmtree(data)
