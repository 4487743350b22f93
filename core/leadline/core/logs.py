"""One log format for all roles: to stderr, level by LEADLINE_LOG_LEVEL (default INFO)."""

import logging
import os
import sys

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def setup_logging() -> None:
    level = os.environ.get("LEADLINE_LOG_LEVEL", "INFO").upper()
    logging.basicConfig(stream=sys.stderr, level=level, format=_FORMAT, force=True)
    # Faust and aiokafka tell every step of a rebalance at INFO.
    for chatty in ("faust", "mode"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    # aiokafka repeats every few milliseconds that a broker is away; the watchdog says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    # Declaring topics is switched off on purpose, and it warns about each.
    logging.getLogger("faust.transport.drivers.aiokafka").setLevel(logging.ERROR)
    # A timer that takes longer than its interval is only late.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
