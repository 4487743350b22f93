"""What every job must tell: one TOML file."""

from fnmatch import fnmatchcase
from typing import Literal, get_args

import msgspec

from leadline.core.errors import UsageError

from ..node import NodeRef

Requirement = Literal["owner", "on_call", "code", "inputs", "input_versions", "outputs", "bound", "documentation", "success"]
REQUIREMENTS: tuple[Requirement, ...] = get_args(Requirement)

DEFAULT = """\
# The minimum of metadata that every job must have. `leadline report completeness --file THIS_FILE` says what is missing.

# owner           somebody owns it
# on_call         it is known whom to call
# code            its commit, or the hash of its source, is known
# inputs          it reads something
# input_versions  of all that its newest successful run read the version is known, said or as it follows
# outputs         it writes something
# bound           a bound is on one of its metrics, or on one of what it writes
# documentation   it has a description
# success         a run succeeded within the last success_within_days
require = ["owner", "on_call", "code", "inputs", "input_versions", "outputs", "bound", "documentation", "success"]

success_within_days = 7
seen_within_days = 30  # a job that was not heard of for longer is no longer asked

# Jobs, as NAMESPACE/NAME with * and ?, of which less is asked, or, where `without` is left out, nothing.
# [[exception]]
# jobs = ["airflow://prod/ingest_*"]
# without = ["inputs", "input_versions"]
# because = "they read from outside"
"""
"""The content of a new file, and what holds without one."""


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of the jobs that fit one of the patterns, `without` is not asked."""

    jobs: list[str]
    without: tuple[Requirement, ...] = REQUIREMENTS
    because: str = ""

    def covers(self, job: NodeRef) -> bool:
        return any(fnmatchcase(f"{job.namespace}/{job.name}", pattern) for pattern in self.jobs)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    require: list[Requirement]
    success_within_days: float = 7
    seen_within_days: float = 30
    exception: list[Exemption] = []

    def asked_of(self, job: NodeRef) -> list[Requirement]:
        """In the order of the file; empty: nothing."""
        spared = {name for exemption in self.exception if exemption.covers(job) for name in exemption.without}
        return [name for name in dict.fromkeys(self.require) if name not in spared]


def parse_policy(text: str, place: str) -> Policy:
    """Raises UsageError, which names `place`, for what is no TOML or says what there is not."""
    try:
        return msgspec.toml.decode(text, type=Policy)
    except (msgspec.DecodeError, ValueError) as error:
        raise UsageError(f"{place}: {error}; `leadline report completeness --init` writes a file to begin with") from error
