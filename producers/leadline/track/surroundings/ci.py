"""Continuous integration: GitHub Actions, GitLab CI, Jenkins; all tell everything by documented variables."""

from .tool import Around, Tool


def github(around: Around) -> Tool | None:
    if around.environ.get("GITHUB_ACTIONS") != "true":
        return None
    ids = around.told(
        repository="GITHUB_REPOSITORY",
        workflow="GITHUB_WORKFLOW",
        run_id="GITHUB_RUN_ID",
        run_attempt="GITHUB_RUN_ATTEMPT",
        job="GITHUB_JOB",
        event="GITHUB_EVENT_NAME",
    )
    owner, _, name = ids.get("repository", "").partition("/")
    page = ["actions", "runs", ids.get("run_id", ""), *(["attempts", ids["run_attempt"]] if "run_attempt" in ids else [])]
    url = around.url(owner, name, *page, base=around.environ.get("GITHUB_SERVER_URL") or "https://github.com")
    return Tool("github-actions", ids, url, around.environ.get("GITHUB_ACTOR", ""))


def gitlab(around: Around) -> Tool | None:
    if around.environ.get("GITLAB_CI") != "true":
        return None
    ids = around.told(project="CI_PROJECT_PATH", pipeline_id="CI_PIPELINE_ID", job_id="CI_JOB_ID", job="CI_JOB_NAME")
    return Tool("gitlab-ci", ids, around.environ.get("CI_JOB_URL", ""), around.environ.get("GITLAB_USER_LOGIN", ""))


def jenkins(around: Around) -> Tool | None:
    if not around.environ.get("JENKINS_URL") or not around.environ.get("BUILD_NUMBER"):
        return None
    ids = around.told(job="JOB_NAME", build_number="BUILD_NUMBER", stage="STAGE_NAME", node="NODE_NAME")
    return Tool("jenkins", ids, around.environ.get("BUILD_URL", ""), around.environ.get("BUILD_USER_ID", ""))
