"""What the demo tells at its end, asked of the store as anybody could ask it."""

from collections.abc import Callable, Iterable

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.clock import Micros
from leadline.history.alerts import Episode, open_episodes
from leadline.history.explain_facts import explain_alert
from leadline.history.explanation.answer import Explanation
from leadline.history.explanation.explain import RUN_METRICS
from leadline.history.explanation.text import render
from leadline.history.query import MOMENT, fetch

from .plan import Plan
from .quarter import NAMESPACE
from .repository import Repository

WATCHED = ("late-arrival", "predictions")
"""Whose alerts are about wrong predictions."""

Show = tuple[Callable[[str], None], Callable[[str], None]]
"""How a heading and how text is printed."""


class Step(msgspec.Struct, frozen=True):
    """A transition, as far as the choice of an alert needs it."""

    episode_id: str
    name: str
    metric: str
    severity: str
    readings: int
    ordinal: int


class Page(msgspec.Struct, frozen=True):
    """What the paged person is sent."""

    summary: str
    log_excerpt: list[str]


def longest(steps: Iterable[Step]) -> str | None:
    """The episode about predictions with the most readings outside an error bound, else outside any; None: there is none."""
    weight: dict[str, tuple[bool, int, str]] = {}
    for step in steps:
        if step.name in WATCHED and step.metric not in RUN_METRICS:
            known = weight.get(step.episode_id, (False, 0, ""))
            one = (step.severity == "error", step.readings, step.episode_id)
            weight[step.episode_id] = (known[0] or one[0], max(known[1], one[1]), step.episode_id)
    return max(weight.values())[2] if weight else None


def wrong_predictions(client: Client, since: Micros) -> Explanation | None:
    """Of what was opened since the demo began."""
    steps = fetch(
        client,
        Step,
        f"FROM leadline.alert_events WHERE opened_at >= {MOMENT % 'since'} AND job_namespace = {{jobs:String}}",
        since=since,
        jobs=NAMESPACE,
    )
    episode = longest(steps)
    return explain_alert(client, episode) if episode else None


def broken_pipeline(client: Client, since: Micros) -> tuple[Page, Explanation] | None:
    """The page for the job that failed first, and why the last failed; None where nothing failed."""
    failed = [one for one in open_episodes(client) if one.metric in RUN_METRICS and one.namespace == NAMESPACE]
    failed = [one for one in failed if one.opened_at >= since]
    if not failed:
        return None
    first, last = min(failed, key=_opened), max(failed, key=_opened)
    pages = fetch(
        client,
        Page,
        "FROM leadline.alert_events WHERE episode_id = {episode:String} ORDER BY ordinal LIMIT 1",
        episode=first.episode_id,
    )
    return pages[0], explain_alert(client, last.episode_id)


def _opened(episode: Episode) -> int:
    return episode.opened_at


def tell(client: Client, plan: Plan, repository: Repository, since: Micros, show: Show) -> None:
    """The open alerts are shown by the caller; this tells of the broken pipeline and the wrong predictions."""
    heading, say = show
    broken = broken_pipeline(client, since)
    if broken:
        page, explained = broken
        heading("The page for the broken pipeline")
        lines = page.log_excerpt or [f"{line.level} {line.logger}: {line.message}" for line in explained.logs]
        say("\n".join([page.summary, *(f"  {line}" for line in lines)]))
        heading(f"leadline explain {_id(explained)}")
        say(render(explained))
    wrong = wrong_predictions(client, since)
    if wrong is None:
        heading("Wrong predictions")
        say("No metric of the model or its predictions left its bound in these weeks; try more --weeks.")
        return
    heading(f"leadline explain {_id(wrong)}")
    say(render(wrong))
    blamed = next((cause.change for cause in wrong.causes if cause.change.what == "code.commit"), None)
    if blamed and wrong.causes[0].change == blamed and repository.has(blamed.after):
        heading(f"git -C {repository.path} show {blamed.after[:12]}")
        say(repository.show(blamed.after))
    heading("What was planted")
    say(_truth(plan, repository, wrong))


def _truth(plan: Plan, repository: Repository, wrong: Explanation) -> str:
    if plan.culprit is None or plan.culprit.commit is None:
        return "Nothing harmful."
    sha = repository.sha(plan.culprit.commit)
    ranks = [number for number, cause in enumerate(wrong.causes, 1) if cause.change.after == sha]
    place = f"ranked {ranks[0]} of {len(wrong.causes)} changes" if ranks else "not among the changes that were found"
    return f"From {plan.culprit.day} on, {plan.culprit.job} ran commit {sha[:12]}: {place}."


def _id(explained: Explanation) -> str:
    return explained.alert.alert_id[:13] if explained.alert else ""
