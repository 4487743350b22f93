"""Arguments that must be one of a few words."""

from collections.abc import Sequence

from leadline.core.errors import UsageError

from .shown import shown


def chosen(value: object, among: Sequence[str], field: str) -> str:
    """The word, without the methods of a subclass. Raises UsageError."""
    word = str.__str__(value) if isinstance(value, str) else None
    if word is None or word not in among:
        raise UsageError(f"{field} is {shown(value)}; it must be one of {', '.join(filter(None, among))}")
    return word
