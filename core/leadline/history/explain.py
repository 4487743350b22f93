"""Explanations of whatever a text names."""

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError

from .explain_facts import explain_alert, explain_run
from .explain_version import explain_version
from .explanation.answer import Explanation
from .nodes import resolve
from .runs import find_run


def explain_named(client: Client, text: str, job_name: str = "", version: str | None = None) -> Explanation:
    """Of the alert, else of the run with that id, else of the node's newest version.

    With `version` of that version of the node, with `job_name` of that job's run alone. Raises UsageError where several fit,
    LeadlineError where none does.
    """
    if version is not None:
        return explain_version(client, resolve(client, text), version)
    if job_name:
        return explain_run(client, find_run(client, text, job_name))
    try:
        return explain_alert(client, text)
    except LeadlineError as no_alert:
        return _of_run_or_node(client, text, no_alert)


def _of_run_or_node(client: Client, text: str, no_alert: LeadlineError) -> Explanation:
    try:
        run = find_run(client, text)
    except LeadlineError:
        try:
            node = resolve(client, text)
        except UsageError:  # several fit
            raise
        except LeadlineError:
            raise no_alert from None
        return explain_version(client, node)
    return explain_run(client, run)
