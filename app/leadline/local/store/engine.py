"""The ClickHouse engine in this process: its configuration, its two roles, one connection per statement.

A connection costs 0.3 ms, so each statement gets a new one and no session state can leak from one caller to the next.
Closing the last connection shuts the engine down: `Engine` holds one open for as long as it lives.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from leadline.core.errors import LeadlineError, UsageError

from . import configuration
from .statements import quoted

Role = Literal["reader", "writer"]

_SETTING = re.compile(r"[A-Za-z_][\w.]*")
_UNKNOWN_EXCEPTION = 1002
_CODE = re.compile(r"Code: (\d+)\. ")


class EngineError(Exception):
    """The engine refused or failed a statement; `code` is ClickHouse's number for why."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        found = _CODE.search(message)
        self.code = code or (int(found.group(1)) if found else _UNKNOWN_EXCEPTION)

    @classmethod
    def named(cls, code: int, name: str, message: str) -> "EngineError":
        """Our own refusals in the server's form, which drivers take apart."""
        return cls(f"Code: {code}. DB::Exception: {message}. ({name})", code)


@dataclass(frozen=True)
class Answer:
    """What a statement gave. `body` is memory of the engine, valid as long as this object lives."""

    body: memoryview
    read_rows: int
    read_bytes: int
    written_rows: int
    elapsed_seconds: float
    owner: Any


class Engine:
    """Owns the data directory. Raises UsageError where another process does already, LeadlineError where it does not start."""

    def __init__(self, data: Path, memory_bytes: int) -> None:
        self.data = data
        self.incoming = data / "incoming"
        self.incoming.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(data)
        for left_over in self.incoming.iterdir():
            left_over.unlink()
        os.environ["TZ"] = "UTC"  # the engine answers in the process's time zone
        configuration.write(data, memory_bytes)
        from chdb import _chdb  # the package's own Connection adds progress bars and data frames, at a cost per call

        self._connect: Any = _chdb.connect  # type: ignore[attr-defined]
        self._path = str(data / "engine")
        try:
            self._root = self._connect(f"{self._path}?config-file={data / configuration.FILE}")
        except RuntimeError as error:
            raise LeadlineError(f"the engine does not start on {data}: {error}") from None
        self.version = bytes(self.run("SELECT version()").body).decode().strip()

    def run(
        self,
        statement: str,
        *,
        role: Role = "writer",
        output: str = "TabSeparatedRaw",
        parameters: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        database: str = "",
    ) -> Answer:
        """Run one statement on a connection of its own. Raises EngineError."""
        with self._connection(role, settings or {}, database) as connection:
            return _answer(connection, statement, output, parameters or {})

    def classify(self, statement: str) -> tuple[str, int]:
        """The engine's own judgement, without running anything: its class (READ_ONLY, MUTATING ...), how many statements."""
        found = self._root.classify_query(statement)
        return found["query_class"].name, int(found["statement_count"])

    @contextmanager
    def _connection(self, role: Role, settings: Mapping[str, str], database: str) -> Iterator[Any]:
        connection = self._connect(self._path)
        try:
            _answer(connection, _preamble(role, settings, database), "Null", {})
            yield connection
        finally:
            connection.close()

    def cancel_reads(self) -> None:
        """SELECTs that run end with an error; inserts go on."""
        _answer(self._root, "KILL QUERY WHERE query_kind = 'Select' ASYNC", "Null", {})

    def close(self) -> None:
        """Shut the engine down and give the directory free. Nothing may run, and nothing may come after."""
        self._root.close()
        self._lock.close()


def _preamble(role: Role, settings: Mapping[str, str], database: str) -> str:
    """Role, settings and database. A reader's connection may change nothing; settings came through the gate."""
    steps = [f"SET ROLE {role}"]
    if wrong := [name for name in settings if not _SETTING.fullmatch(name)]:
        raise EngineError.named(115, "UNKNOWN_SETTING", f"Unknown setting {wrong[0]!r}")
    if settings:
        steps.append("SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items()))
    if database:
        steps.append(f"USE {quoted(database, '`')}")
    if role == "reader":
        steps.append("SET readonly = 2")
    return "; ".join(steps)


def _answer(connection: Any, statement: str, output: str, parameters: Mapping[str, str]) -> Answer:
    try:
        "".join((statement, *parameters, *parameters.values())).encode()
    except UnicodeEncodeError:
        raise EngineError.named(62, "SYNTAX_ERROR", "the statement is not valid UTF-8") from None
    try:
        result = connection.query(statement, output, params=dict(parameters))
    except RuntimeError as error:
        raise EngineError(str(error)) from None
    return Answer(
        body=memoryview(result.bytes()),
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        elapsed_seconds=result.elapsed(),
        owner=result,
    )


def _lock(data: Path) -> IO[str]:
    """Held until the process ends, however it ends."""
    held = (data / "lock").open("a")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise UsageError(f"another store already runs on {data}: stop it first, or choose another --data") from None
    return held
