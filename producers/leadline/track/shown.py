"""Values of callers as they may stand in an error message: short, whatever their own repr() does."""

import reprlib

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 120


def shown(value: object) -> str:
    """Never raises."""
    try:
        return _short.repr(value)
    except Exception:
        return f"<a {type(value).__name__} whose repr() fails>"
