"""Dates, datetimes and durations of callers."""

from datetime import UTC, date, datetime, timedelta

from leadline.core.clock import Micros, from_datetime
from leadline.core.errors import UsageError
from leadline.events.validate import MAX_TIME, MIN_TIME

from .shown import shown

LONGEST_SECONDS = 100 * 366 * 86_400.0
"""Of a duration: a century, so that a deadline stays within the times that are known."""


def to_micros(moment: datetime | date | None, field: str) -> Micros | None:
    """A date is its midnight in UTC. Raises UsageError for a datetime without zone and for anything else."""
    if moment is None:
        return None
    if not isinstance(moment, date):
        raise UsageError(f"{field} is {shown(moment)}; give a datetime with a time zone or a date")
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    try:
        micros = from_datetime(moment)
    except ValueError as error:
        raise UsageError(f"{field}: {error}") from error
    except Exception as error:  # of a time zone of the job's own
        raise UsageError(f"{field} is {shown(moment)}, whose time zone fails: {type(error).__name__}") from error
    if not MIN_TIME <= micros < MAX_TIME:
        raise UsageError(f"{field} is {shown(moment)}; give a time from 1970 to 2200")
    return micros


def to_seconds(duration: timedelta | float | None, field: str) -> float | None:
    """None where there is none. Raises UsageError for what is negative or no duration."""
    if duration is None:
        return None
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_SECONDS:
        raise UsageError(
            f"{field} is {shown(duration)}; give a timedelta or seconds above zero (a century at most), or None for none"
        )
    return float(seconds)


def to_timeout(timeout: float, field: str = "timeout") -> float:
    """Seconds that somebody waits; what is endless is a century. Raises UsageError for what is no number."""
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout != timeout:  # noqa: PLR0124 - NaN
        raise UsageError(f"{field} is {shown(timeout)}; give seconds")
    return float(min(max(timeout, 0.0), LONGEST_SECONDS))
