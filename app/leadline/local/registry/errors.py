"""The registry's error answers: HTTP status, Confluent's error code, a sentence.

| code | meaning |
|---|---|
| 40401, 40402, 40403 | no such subject, version, schema id |
| 40404, 40406 | the subject or version was deleted |
| 40405, 40407 | only what was deleted softly before can be deleted permanently |
| 40408 | the subject has no compatibility level of its own |
| 409 | the schema is incompatible with an earlier one |
| 42201, 42202, 42203 | no valid schema, version, compatibility level |
| 50001 | Kafka did not take the change |
"""

from leadline.core.errors import LeadlineError


class RegistryError(LeadlineError):
    """`code // 100` is the HTTP status, except for plain statuses such as 409."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        return self.code if self.code < 1000 else self.code // 100


def subject_not_found(subject: str) -> RegistryError:
    return RegistryError(40401, f"Subject '{subject}' not found.")


def version_not_found(version: object) -> RegistryError:
    return RegistryError(40402, f"Version {version} not found.")


def schema_not_found(schema_id: object = None) -> RegistryError:
    return RegistryError(40403, "Schema not found" if schema_id is None else f"Schema {schema_id} not found")


def incompatible(subject: str, reasons: list[str]) -> RegistryError:
    return RegistryError(
        409, f'Schema being registered is incompatible with an earlier schema for subject "{subject}": ' + "; ".join(reasons)
    )


def invalid_schema(why: str) -> RegistryError:
    return RegistryError(42201, f"Invalid schema: {why}")
