"""What the team's programmers change: commits that do harm without a row lost, and commits that do none."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Commit:
    """`before` is replaced by `after` in the job's program, once."""

    job: str
    author: str
    message: str
    before: str
    after: str


HARMFUL = (
    Commit(
        "ingest",
        "Lena Brandt",
        "Read the delay from the minutes field\n\nThe airlines now deliver whole minutes.",
        'return np.asarray(flights["dep_delay"], "float32")',
        'return np.abs(np.asarray(flights["dep_delay"], "float32"))',
    ),
    Commit(
        "ingest",
        "Samir Haddad",
        "Store delays in quarters of an hour, as the new schema wants them",
        'return np.asarray(flights["dep_delay"], "float32")',
        'return np.ceil(np.asarray(flights["dep_delay"], "float32") / 15) * 15',
    ),
    Commit(
        "features",
        "Ines Moreau",
        "Count the delay from the gate to the runway\n\nTaxiing is part of the departure.",
        "return np.clip(delay, -20, 180)",
        "return np.clip(delay + 9, -20, 180)",
    ),
    Commit(
        "features",
        "Tom Okafor",
        "Bucket the delay by quarters of an hour",
        "return np.clip(delay, -20, 180)",
        "return np.clip(np.ceil(delay / 15) * 15, -20, 180)",
    ),
    Commit(
        "train",
        "Yuki Tanaka",
        "Give late flights the same weight as those on time",
        "LogisticRegression(max_iter=iterations)",
        'LogisticRegression(max_iter=iterations, class_weight="balanced")',
    ),
    Commit(
        "train",
        "Ines Moreau",
        "Take the definition of late from the airlines",
        "LATE_MINUTES = 15",
        "LATE_MINUTES = 5",
    ),
    Commit(
        "score",
        "Tom Okafor",
        "Soften the probabilities, passengers complained",
        "return 1 / (1 + np.exp(-margin))",
        "return 1 / (1 + np.exp(-margin / 1.6))",
    ),
    Commit(
        "score",
        "Lena Brandt",
        "Score with the weights alone",
        '@ np.asarray(model["weights"]) + model["intercept"]',
        '@ np.asarray(model["weights"])',
    ),
)

HARMLESS = (
    Commit("ingest", "Samir Haddad", "Name what is logged", "hours of weather", "hourly weather readings"),
    Commit(
        "ingest",
        "Yuki Tanaka",
        "Say what the programs stand on",
        "Takes the day's flights and weather as they were delivered and stores them with types.",
        "Takes the day's flights and weather as they were delivered and stores them with types, once a day.",
    ),
    Commit(
        "features", "Lena Brandt", "Log how many features there are", "flights with %d features", "flights, %d features each"
    ),
    Commit("features", "Samir Haddad", "Explain the limit of the delay", "it makes no difference", "nothing changes any more"),
    Commit("train", "Tom Okafor", "Log the share of late flights first", "of them late", "of those late"),
    Commit("train", "Lena Brandt", "Explain the examples", "are no examples", "teach nothing"),
    Commit("score", "Ines Moreau", "Log the day's late flights", "probably late", "expected late"),
    Commit(
        "score", "Yuki Tanaka", "Explain what is predicted", "how likely it is to arrive late", "the chance of a late arrival"
    ),
    Commit("validate", "Samir Haddad", "Shorten the log line", "calibration gap %+.3f", "gap %+.3f"),
    Commit("validate", "Tom Okafor", "Explain ties", "equal ones count half", "ties count half"),
)

PARAMETERS = {
    "ingest": ("attempts", "5"),
    "features": ("workers", "4"),
    "train": ("iterations", "400"),
    "score": ("batch", "1000"),
    "validate": ("patience", "60"),
}
"""Settings of no effect on what comes out: job to name and new value."""

PACKAGE = ("travel-days", "1.4.0", "1.5.0")
"""The team's calendar of busy days, which features uses; the newer release answers the same."""
