"""structlog and loguru as jobs configure them, alone and chained with the standard library: each line once, with its stack."""

import logging
import logging.handlers
import queue
from collections.abc import Iterator
from typing import Any

import loguru
import pytest
import structlog

from leadline import track
from leadline.events.records import LogLine
from leadline.track import once
from leadline.track.testing import Captured, capture


@pytest.fixture
def captured() -> Iterator[Captured]:
    with capture() as everything:
        yield everything


@pytest.fixture
def standard() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test.track.libraries")
    logger.setLevel("DEBUG")
    yield logger
    logger.handlers.clear()
    logger.propagate = True


@pytest.fixture
def rich() -> Iterator[Any]:
    """loguru's logger without handlers."""
    loguru.logger.remove()
    yield loguru.logger
    loguru.logger.remove()


@pytest.fixture
def structured() -> Iterator[Any]:
    yield structlog
    structlog.reset_defaults()


def lines(captured: Captured) -> list[LogLine]:
    return captured.run("j").logs()


def shown(captured: Captured) -> list[tuple[str, str, str]]:
    return [(line.level, line.logger, line.message) for line in lines(captured)]


def fail() -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError("outer") from error


# -- the standard library


def test_causes_groups_and_the_stack_of_the_call_are_in_the_line(captured: Captured, standard: logging.Logger) -> None:
    """What one would otherwise look up on the machine."""
    with track.run("j"):
        try:
            fail()
        except ValueError:
            standard.exception("chained", stack_info=True)
        try:
            raise ExceptionGroup("several", [OSError("disk"), TimeoutError("late")])
        except ExceptionGroup:
            standard.exception("group")
    chained, group = (line.exception for line in lines(captured))
    assert "KeyError: 'inner'" in chained and "The above exception was the direct cause" in chained
    assert "ValueError: outer" in chained and "Stack (most recent call last)" in chained
    assert "OSError: disk" in group and "TimeoutError: late" in group


def test_a_run_that_fails_says_the_whole_chain(captured: Captured) -> None:
    """As its own error."""
    with pytest.raises(ValueError), track.run("j"):
        fail()
    assert "KeyError: 'inner'" in captured.run("j").error_stack


def test_a_queue_between_logger_and_handler_doubles_nothing(captured: Captured, standard: logging.Logger) -> None:
    """The record is copied on its way, and is still the same line."""
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    standard.addHandler(logging.handlers.QueueHandler(waiting))
    with track.run("j"):
        standard.info("once")
        track.logs().handle(waiting.get())
    assert [line.message for line in lines(captured)] == ["once"]


def test_colours_of_a_terminal_are_left_out(captured: Captured, standard: logging.Logger) -> None:
    """They steer a terminal, and say nothing."""
    with track.run("j"):
        standard.info("\x1b[1m\x1b[32mread\x1b[0m 30 rows")
    assert lines(captured)[0].message == "read 30 rows"


# -- structlog


def test_structlog_by_itself_is_captured_by_a_processor(captured: Captured, structured: Any) -> None:
    """Message, named values, level and stack; what follows sees the event unchanged."""
    passed = []

    def keep(_logger: object, _method: str, event: dict[str, Any]) -> str:
        passed.append(dict(event))
        return ""

    structured.configure(processors=[structlog.processors.add_log_level, track.structlog_processor, keep])
    log = structured.get_logger()
    with track.run("j"):
        log.info("rows read", rows=30, path="s3://lake/x")
        try:
            fail()
        except ValueError:
            log.exception("no rows")
    log.info("outside of runs")
    assert shown(captured) == [("INFO", "", "rows read rows=30 path=s3://lake/x"), ("ERROR", "", "no rows")]
    assert "KeyError: 'inner'" in lines(captured)[1].exception
    assert passed[0] == {"event": "rows read", "rows": 30, "path": "s3://lake/x", "level": "info"}


@pytest.mark.parametrize(
    "last",
    [
        structlog.processors.KeyValueRenderer(key_order=["event"]),
        structlog.dev.ConsoleRenderer(colors=True),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        structlog.stdlib.render_to_log_kwargs,
    ],
)
def test_structlog_over_the_standard_library_is_captured_once(
    captured: Captured, standard: logging.Logger, structured: Any, last: Any
) -> None:
    """With the processor and without: the line of the standard library's logger is the one that counts."""
    structured.configure(
        processors=[structlog.stdlib.add_logger_name, track.structlog_processor, last],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    with track.run("j"):
        structured.get_logger("test.track.libraries").warning("few rows", rows=3)
    ((level, logger, message),) = shown(captured)
    assert (level, logger) == ("WARNING", "test.track.libraries")
    assert "few rows" in message
    assert "\x1b" not in message


def test_structlog_in_a_formatter_of_the_standard_library(captured: Captured, standard: logging.Logger) -> None:
    """Lines of other libraries that pass structlog's formatter are captured once, and its own have their stack."""
    handler = logging.StreamHandler(open("/dev/null", "w"))  # noqa: SIM115, PTH123
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[track.structlog_processor], processor=structlog.processors.KeyValueRenderer()
        )
    )
    standard.addHandler(handler)
    log = structlog.wrap_logger(standard, processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter])
    with track.run("j"):
        standard.info("foreign")
        try:
            fail()
        except ValueError:
            log.error("own", exc_info=True, rows=3)
    handler.stream.close()
    assert [message for _, _, message in shown(captured)] == ["foreign", "own rows=3"]
    assert "KeyError: 'inner'" in lines(captured)[1].exception


# -- loguru


def test_loguru_takes_our_handler_as_a_sink(captured: Captured, rich: Any) -> None:
    """The message as it was written, whatever the format; levels of its own; stack once; context of the run."""
    rich.add(track.logs("DEBUG"), level="TRACE")
    with track.run("j"):
        rich.trace("below the handler's level")
        rich.debug("{} rows", 30)
        rich.success("better")
        try:
            fail()
        except ValueError:
            rich.exception("no rows")
    rich.error("outside of runs")
    assert shown(captured) == [
        ("DEBUG", __name__, "30 rows"),
        ("INFO", __name__, "better"),
        ("ERROR", __name__, "no rows"),
    ]
    assert lines(captured)[2].exception.count("KeyError: 'inner'") == 1


def test_loguru_that_catches_an_exception_says_it(captured: Captured, rich: Any) -> None:
    """`logger.catch` is how loguru's users find theirs."""
    rich.add(track.logs())
    with track.run("j"), rich.catch():
        fail()
    (line,) = lines(captured)
    assert line.level == "ERROR"
    assert "ValueError: outer" in line.exception


class Intercept(logging.Handler):
    """The standard library's lines to loguru, as its documentation has it."""

    def emit(self, record: logging.LogRecord) -> None:
        loguru.logger.opt(depth=6, exception=record.exc_info).log(record.levelname, record.getMessage())


class Propagate(logging.Handler):
    """loguru's lines to the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(record.name).handle(record)


def test_lines_that_go_from_the_standard_library_to_loguru_are_captured_once(
    captured: Captured, standard: logging.Logger, rich: Any
) -> None:
    """However often the same text is written."""
    standard.addHandler(Intercept())
    rich.add(track.logs())
    with track.run("j"):
        for _ in range(3):
            standard.warning("twice")
        rich.warning("twice")
    assert [message for _, _, message in shown(captured)] == ["twice"] * 4


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_lines_that_go_from_loguru_to_the_standard_library_are_captured_once(
    captured: Captured, standard: logging.Logger, rich: Any, first: str
) -> None:
    """Whichever sink comes first, with their stacks."""
    sinks: list[tuple[Any, dict[str, Any]]] = [(track.logs(), {}), (Propagate(), {"format": "{message}"})]
    for sink, options in sinks if first == "ours" else reversed(sinks):
        rich.add(sink, **options)
    with track.run("j"):
        rich.info("same")
        rich.info("same")
        try:
            fail()
        except ValueError:
            rich.exception("stack")
    assert [line.message for line in lines(captured)] == ["same", "same", "stack"]
    assert lines(captured)[2].exception.count("KeyError: 'inner'") == 1


def test_what_only_looks_the_same_is_kept() -> None:
    """The same text long after, at another level, or through the same door."""
    line = LogLine(time=0, level="INFO", logger="a", message="x")
    louder = LogLine(time=0, level="ERROR", logger="a", message="x")
    assert not once.repeated("logging", line, 10.0)
    assert not once.repeated("loguru", line, 11.0)
    assert not once.repeated("loguru", line, 11.0)
    assert not once.repeated("logging", louder, 11.0)
    assert once.repeated("loguru", louder, 11.01)
    assert not once.repeated("loguru", louder, 11.02)
