"""What the registry does: decisions upon the state, written to the topic. Every change is answered after it was read back."""

import threading
from typing import Literal, Protocol

from .compatibility import incompatibilities
from .errors import RegistryError, incompatible, schema_not_found, subject_not_found, version_not_found
from .records import Key, Value, config_key, delete_subject_key, schema_key, schema_value
from .schema import AvroSchema, fingerprint, parse
from .state import DEFAULT_LEVEL, State, Version

LEVELS = ("NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE")
Direction = Literal["BACKWARD", "FORWARD"]


class Log(Protocol):
    """Where changes go."""

    def write(self, key: Key, value: Value | None) -> None:
        """Returns when the record is part of the state. Raises Unavailable."""


class Registry:
    """Thread-safe: one change at a time."""

    def __init__(self, state: State, log: Log) -> None:
        self.state = state
        self._log = log
        self._changing = threading.RLock()

    def start(self) -> None:
        """The default level is written down once, so that whoever takes the topic over keeps it."""
        if self.state.level(None) is None:
            self.set_level(None, DEFAULT_LEVEL)

    def register(self, subject: str, schema: str) -> int:
        """The schema's id. Raises RegistryError (42201 no schema, 409 incompatible), Unavailable."""
        with self._changing:
            parsed, known = parse(schema), self._find(subject, schema)
            if known is not None:
                return known.id
            reasons = self.check(subject, parsed, self._to_compare(subject))
            if reasons:
                raise incompatible(subject, reasons)
            schema_id = self.state.id_for(schema) or self.state.next_id()
            number = self.state.next_version(subject)
            self._log.write(schema_key(subject, number), schema_value(subject, number, schema_id, schema))
            return schema_id

    def lookup(self, subject: str, schema: str, deleted: bool = False) -> Version:
        """The version under which the subject has this schema. Raises RegistryError."""
        self.versions(subject, deleted)
        parse(schema)
        found = self._find(subject, schema, deleted)
        if found is None:
            raise schema_not_found()
        return found

    def versions(self, subject: str, deleted: bool = False) -> list[Version]:
        """Raises RegistryError 40401 where there is none."""
        found = self.state.versions(subject, deleted)
        if not found:
            raise subject_not_found(subject)
        return found

    def version(self, subject: str, number: str, deleted: bool = False) -> Version:
        """`number` may be "latest" or "-1". Raises RegistryError."""
        found = self.versions(subject, deleted)
        wanted = found[-1].number if number in ("latest", "-1") else _number(number)
        for version in found:
            if version.number == wanted:
                return version
        raise version_not_found(number)

    def check(self, subject: str, schema: AvroSchema, against: list[Version]) -> list[str]:
        """Why the schema does not go with those versions at the subject's level; empty when it does."""
        level = self.state.effective_level(subject)
        reasons: list[str] = []
        for version in reversed(against):
            ours, theirs, other = parse(version.schema), f"version {version.number}", "the new schema"
            if level.startswith(("BACKWARD", "FULL")):
                reasons += incompatibilities(schema, ours, (other, theirs))
            if level.startswith(("FORWARD", "FULL")):
                reasons += incompatibilities(ours, schema, (theirs, other))
        return list(dict.fromkeys(reasons))

    def set_level(self, subject: str | None, level: str) -> None:
        """Raises RegistryError 42203, Unavailable."""
        if level not in LEVELS:
            raise RegistryError(42203, f"Invalid compatibility level. Valid values are {', '.join(LEVELS)}")
        with self._changing:
            self._log.write(config_key(subject), {"compatibilityLevel": level})

    def clear_level(self, subject: str | None) -> str:
        """The level that was set. Raises RegistryError 40408, Unavailable."""
        with self._changing:
            level = self.state.level(subject)
            if level is None:
                raise no_level(subject)
            self._log.write(config_key(subject), None)
            return level

    def delete_subject(self, subject: str, permanent: bool) -> list[int]:
        """The versions that were deleted. Permanently only what was deleted before. Raises RegistryError, Unavailable."""
        with self._changing:
            if not permanent:
                numbers = [version.number for version in self.versions(subject)]
                self._log.write(delete_subject_key(subject), {"subject": subject, "version": numbers[-1]})
                return numbers
            if self.state.versions(subject):
                raise RegistryError(40405, f"Subject '{subject}' was not deleted first before being permanently deleted")
            numbers = [version.number for version in self.versions(subject, deleted=True)]
            for number in numbers:
                self._log.write(schema_key(subject, number), None)
            return numbers

    def delete_version(self, subject: str, number: str, permanent: bool) -> int:
        """As delete_subject, for one version."""
        with self._changing:
            version = self.version(subject, number, deleted=permanent)
            key = schema_key(subject, version.number)
            if not permanent:
                self._log.write(key, {**version.value, "deleted": True})
            elif not version.deleted:
                raise RegistryError(40407, f"Subject '{subject}' Version {number} was not deleted first before permanently")
            else:
                self._log.write(key, None)
            return version.number

    def _find(self, subject: str, schema: str, deleted: bool = False) -> Version | None:
        wanted = fingerprint(schema)
        found = [v for v in self.state.versions(subject, deleted) if fingerprint(v.schema) == wanted]
        return found[-1] if found else None

    def _to_compare(self, subject: str) -> list[Version]:
        level, versions = self.state.effective_level(subject), self.state.versions(subject)
        if level == "NONE":
            return []
        return versions if level.endswith("_TRANSITIVE") else versions[-1:]


def no_level(subject: str | None) -> RegistryError:
    return RegistryError(40408, f"Subject '{subject}' does not have subject-level compatibility configured")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise RegistryError(42202, f"The specified version '{text}' is not a valid version id: a number from 1, or latest")
    return int(text)
