"""Commands run as their entry point does, against a store."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from leadline.cli import main
from leadline.core.settings import Settings


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


def commands(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs one command in this process, with its output in a pipe, as programs have it."""
    monkeypatch.setenv("CLICKHOUSE", store.clickhouse)
    monkeypatch.setenv("CLICKHOUSE_USER", store.clickhouse_user)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", store.clickhouse_password)
    monkeypatch.setenv("LEADLINE_DATA", str(store.data / "elsewhere"))
    for name in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["leadline", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return run
