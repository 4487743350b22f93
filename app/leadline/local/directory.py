"""The data directory of one stack: who owns it, what it says about the stack, whether there is room."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leadline.core.errors import LeadlineError, UsageError
from leadline.core.settings import ADDRESSES_FILE, TOKEN_FILE

_LOCK = "lock"
NEEDED_BYTES = 256 * 1024 * 1024
"""Kafka's metadata, the store's own tables and the logs of a start; below it the stack would fail half-way."""


class DataDirectory:
    """Made where it is missing, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.token_file = path / TOKEN_FILE

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one stack per directory; the kernel lifts the lock with the process, however it ends. Raises UsageError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LeadlineError(f"cannot use {self.path}: {error.strerror}; choose another directory with --data") from error
        try:
            self._take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise UsageError(
                f"a stack already runs on {self.path} (pid {pid}); use it, stop it, or choose another directory with --data"
            ) from None
        os.truncate(descriptor, 0)
        try:
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            pass  # a full disk: the space check says so, the lock holds without a name in it

    def check_space(self) -> None:
        """Raises LeadlineError where the disk is (almost) full."""
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_BYTES:
            raise LeadlineError(
                f"the disk of {self.path} is full: {free // 2**20} MB are free, a start needs {NEEDED_BYTES // 2**20} MB; "
                "make room or choose another directory with --data (what is stored stays)"
            )

    def write_addresses(self, addresses: dict[str, str]) -> None:
        """Whole or not at all, for whoever reads it at this moment."""
        scratch = self.path / f".{ADDRESSES_FILE}.new"
        scratch.write_text(json.dumps(addresses, indent=2) + "\n", encoding="utf-8")
        scratch.replace(self.path / ADDRESSES_FILE)

    def remove_addresses(self) -> None:
        (self.path / ADDRESSES_FILE).unlink(missing_ok=True)
