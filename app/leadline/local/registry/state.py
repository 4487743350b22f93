"""What the `_schemas` topic says, record by record; pure."""

from dataclasses import dataclass
from typing import Any

from .records import CONFIG, DELETE_SUBJECT, SCHEMA, Key, Value
from .schema import fingerprint

DEFAULT_LEVEL = "FULL_TRANSITIVE"


@dataclass(frozen=True)
class Version:
    """One version of a subject. `value` is its record as it stands in the topic, unknown attributes kept."""

    value: Value

    @property
    def subject(self) -> str:
        return str(self.value["subject"])

    @property
    def number(self) -> int:
        return int(self.value["version"])

    @property
    def id(self) -> int:
        return int(self.value["id"])

    @property
    def schema(self) -> str:
        return str(self.value["schema"])

    @property
    def deleted(self) -> bool:
        return bool(self.value.get("deleted"))


class State:
    """Reads as of the last record applied. The same records give the same state.

    One thread applies, any may read: what is iterated over is replaced, never changed in place.
    """

    def __init__(self) -> None:
        self._subjects: dict[str, dict[int, Version]] = {}
        self._schemas: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._levels: dict[str | None, str] = {}
        self._newest_id = 0

    def apply(self, key: Key, value: Value | None) -> None:
        """Keys of other types (NOOP, MODE, those of a newer registry) change nothing here."""
        kind = key.get("keytype")
        if kind == SCHEMA:
            self._apply_schema(str(key["subject"]), int(key["version"]), value)
        elif kind == DELETE_SUBJECT and value:
            for version in self.versions(str(key["subject"])):
                if version.number <= int(value["version"]):
                    self._put(Version({**version.value, "deleted": True}))
        elif kind == CONFIG:
            self._apply_config(key.get("subject"), value)

    def subjects(self, deleted: bool = False) -> list[str]:
        return sorted(name for name in self._subjects if self.versions(name, deleted))

    def versions(self, subject: str, deleted: bool = False) -> list[Version]:
        """Oldest first; empty where there is none."""
        found = self._subjects.get(subject, {})
        return [found[number] for number in sorted(found) if deleted or not found[number].deleted]

    def schema(self, schema_id: int) -> str | None:
        return self._schemas.get(schema_id)

    def uses(self, schema_id: int, deleted: bool = False) -> list[Version]:
        """Every version of every subject that has the id."""
        return [v for name in sorted(self._subjects) for v in self.versions(name, deleted) if v.id == schema_id]

    def id_for(self, schema: str) -> int | None:
        """One id for one schema, whatever the subject."""
        return self._ids.get(fingerprint(schema))

    def next_id(self) -> int:
        return self._newest_id + 1

    def next_version(self, subject: str) -> int:
        return max(self._subjects.get(subject, {}), default=0) + 1

    def level(self, subject: str | None) -> str | None:
        """The compatibility level set for the subject, or for all with None; None where nothing is set."""
        return self._levels.get(subject)

    def effective_level(self, subject: str) -> str:
        return self._levels.get(subject) or self._levels.get(None) or DEFAULT_LEVEL

    def _apply_schema(self, subject: str, number: int, value: Value | None) -> None:
        if value is not None:
            self._put(Version(value))
            return
        left = {n: version for n, version in self._subjects.get(subject, {}).items() if n != number}
        others = {name: versions for name, versions in self._subjects.items() if name != subject}
        self._subjects = {**others, subject: left} if left else others

    def _put(self, version: Version) -> None:
        versions = {**self._subjects.get(version.subject, {}), version.number: version}
        self._subjects = {**self._subjects, version.subject: versions}
        self._schemas.setdefault(version.id, version.schema)
        self._ids.setdefault(fingerprint(version.schema), version.id)
        self._newest_id = max(self._newest_id, version.id)

    def _apply_config(self, subject: Any, value: Value | None) -> None:
        level = (value or {}).get("compatibilityLevel")
        if level:
            self._levels[subject] = str(level)
        else:
            self._levels.pop(subject, None)
