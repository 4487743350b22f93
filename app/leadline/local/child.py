"""One process of the stack: started with its log file, stopped in bounded time, never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_TETHER = Path(__file__).with_name("tether.py")
_LOG_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 64 * 1024


class Child:
    """A command with a name. Not thread-safe; on Linux it ends with the *thread* that started it.

    `log` takes both outputs and is capped: at 16 MB it becomes `<log>.1`. None: this process's own outputs.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stop_seconds: float = 10.0,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._environment = dict(environment or {})
        self._stop_seconds = stop_seconds
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs or before it was started; negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Its own session, so that Ctrl-C reaches the supervisor alone, which stops all in order. Raises OSError."""
        self._log_start = self.log.stat().st_size if self.log and self.log.exists() else 0
        output = None if self.log is None else os.open(_with_folder(self.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
        finally:
            if output is not None:
                os.close(output)

    def wait(self) -> int:
        """Until it ends; its exit code. It was started before."""
        assert self._process is not None
        return self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what has not ended within `stop_seconds`."""
        self.request_stop()
        if self._process:
            try:
                self._process.wait(self._stop_seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def request_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for its whole group: where a tether watches over it, for both."""
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def output(self) -> str:
        """The end of what it wrote since it was last started, at most 64 KB; empty without a log."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start if self._log_start <= size else 0, size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")

    def last_line(self) -> str:
        """The last line that it wrote; empty where there is none."""
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def cap_log(self) -> None:
        """Copied and cut, not renamed: the process keeps its open file."""
        if self.log is not None and self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.with_suffix(self.log.suffix + ".1").write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)


def _with_folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
