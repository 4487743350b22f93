"""Log lines of the job, tied to the run that wrote them."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.records import LogLine, LogsReported
from leadline.track.logs import clean

from .conftest import Captured


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test.track.job")
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.handlers.clear()


def lines(captured: Captured) -> list[LogLine]:
    return [line for event in captured.of(LogsReported) for line in event.lines]


def test_lines_within_a_run_are_captured_without_being_told(captured: Captured, log: logging.Logger) -> None:
    """From INFO on, with level and logger; what is logged outside of runs is nobody's."""
    log.info("before")
    with track.run("j", "n") as run:
        log.debug("fine")
        log.info("read %d rows", 5)
        log.warning("few")
        run.log("by hand", "ERROR")
    log.info("after")
    assert {(event.run_id, event.job_namespace, event.job_name) for event in captured.of(LogsReported)} == {
        (run.run_id, "n", "j")
    }
    assert [(line.level, line.logger, line.message) for line in lines(captured)] == [
        ("INFO", "test.track.job", "read 5 rows"),
        ("WARNING", "test.track.job", "few"),
        ("ERROR", "j", "by hand"),
    ]


def test_an_exception_is_captured_with_its_stack(captured: Captured, log: logging.Logger) -> None:
    """What one would otherwise SSH for."""
    with track.run("j"):
        try:
            raise FileNotFoundError("flights.csv")
        except FileNotFoundError:
            log.exception("no input")
    (line,) = lines(captured)
    assert line.message == "no input"
    assert line.exception.startswith("Traceback")
    assert "FileNotFoundError: flights.csv" in line.exception


def test_a_handler_of_ones_own_sees_each_line_once(captured: Captured, log: logging.Logger) -> None:
    """track.logs() beside the capture doubles nothing, and takes lower levels where it is told to."""
    log.addHandler(track.logs("DEBUG"))
    with track.run("j"):
        log.debug("fine")
        log.info("once")
    assert [line.message for line in lines(captured)] == ["fine", "once"]


def test_capture_can_be_switched_off(captured: Captured, log: logging.Logger) -> None:
    """Then only handlers and run.log speak."""
    client = track.configure(Settings(), spool=captured.folder, capture_logs=None)
    with track.run("j") as run:
        log.error("not ours")
        run.log("ours")
    assert [line.message for line in lines(Captured(client, captured.folder))] == ["ours"]


def test_a_flood_is_cut_and_what_was_cut_is_counted(captured: Captured) -> None:
    """A run that writes more than it may does not fill anybody's disk."""
    with track.run("j") as run:
        for number in range(15_000):
            run.log(f"line {number}")
        threading.Event().wait(0.05)  # earns room for the line that carries the count
        run.log("last")
    events = captured.of(LogsReported)
    sent, dropped = sum(len(event.lines) for event in events), sum(event.dropped for event in events)
    assert sent + dropped == 15_001
    assert 10_000 <= sent < 15_000
    assert captured.client.stats().dropped["LogsReported"]["rate_limit"] == dropped


def test_text_that_is_no_unicode_is_shown_not_lost(captured: Captured) -> None:
    """One bad character does not cost the line."""
    with track.run("j") as run:
        run.log("caf\udce9 ☕")
    assert lines(captured)[0].message == "caf? ☕"


def test_a_long_text_keeps_both_ends() -> None:
    """The end of a stack says most, the beginning says where."""
    text = clean("a" * 1_000 + "b" * 1_000, 100)
    assert text.startswith("a" * 50)
    assert text.endswith("b" * 50)
    assert "1900 characters cut" in text


def test_an_unknown_level_is_refused(captured: Captured) -> None:
    """With the levels that there are."""
    with track.run("j") as run, pytest.raises(UsageError, match="DEBUG, INFO, WARNING"):
        run.log("x", "LOUD")


def test_the_jobs_own_logging_is_as_without_us(tmp_path: Path) -> None:
    """basicConfig() within a run still configures, and a warning without any configuration still reaches stderr."""
    script = (
        "import logging\nfrom leadline import track\nfrom leadline.core.settings import Settings\n"
        "track.configure(Settings(), spool={spool!r}, disabled={disabled})\n"
        "with track.run('j'):\n"
        "    logging.getLogger('x').warning('unconfigured')\n"
        "    logging.basicConfig(format='%(levelname)s!%(message)s', level=logging.INFO)\n"
        "    logging.info('configured')\n"
        "track.configure(client=track.Client(Settings(), disabled=True))\n"
    )
    written = {
        disabled: subprocess.run(
            [sys.executable, "-c", script.format(disabled=disabled, spool=str(tmp_path))],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for disabled in (True, False)
    }
    ours = [line for line in written[False].splitlines() if "leadline" not in line]
    assert ours == written[True].splitlines() == ["unconfigured", "INFO!configured"]
