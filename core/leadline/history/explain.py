"""Explanations of whatever an id names."""

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError

from .explain_facts import explain_alert, explain_run
from .explanation.answer import Explanation
from .runs import find_run


def explain_id(client: Client, text: str, job_name: str = "") -> Explanation:
    """Of the alert, else of the run with that id; with `job_name` of that job's run alone.

    Raises UsageError where several fit, LeadlineError where none does.
    """
    if job_name:
        return explain_run(client, find_run(client, text, job_name))
    try:
        return explain_alert(client, text)
    except LeadlineError as no_alert:
        try:
            return explain_run(client, find_run(client, text))
        except LeadlineError:
            raise no_alert from None
