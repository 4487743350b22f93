"""Every error that Leadline raises on purpose.

LeadlineError                a sentence for people: what happened and what to do
├── UsageError               the caller asked for something that makes no sense
├── Unavailable              a server we need cannot be reached; trying again may help
└── Unreadable               bytes that are no valid event: goes to dead letters under its `reason`
"""


class LeadlineError(Exception):
    """Base of all; its text is shown to people as it is, so it says what to do."""


class UsageError(LeadlineError):
    """A wrong argument, name or value given by the caller."""


class Unavailable(LeadlineError):
    """Kafka, the registry or the store did not answer; safe to try again."""


class Unreadable(LeadlineError):
    """A message that cannot be understood.

    `reason` is the short code that dead letters are grouped by, e.g. "not_avro".
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
