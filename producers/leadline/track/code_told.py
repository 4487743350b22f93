"""Which commit runs, where there is no checkout: an image's own variables, and those of continuous integration."""

from collections.abc import Mapping

_VARIABLES = (
    # what Leadline asks of an image: ARG and ENV in its Dockerfile
    ("LEADLINE_CODE_COMMIT", "LEADLINE_CODE_BRANCH", "LEADLINE_CODE_REPOSITORY"),
    ("GITHUB_SHA", "GITHUB_REF_NAME", "GITHUB_REPOSITORY"),
    ("CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "CI_PROJECT_URL"),
    ("GIT_COMMIT", "GIT_BRANCH", "GIT_URL"),  # Jenkins
    ("BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCHNAME", "BUILD_REPOSITORY_URI"),  # Azure Pipelines
    ("BITBUCKET_COMMIT", "BITBUCKET_BRANCH", "BITBUCKET_GIT_HTTP_ORIGIN"),
    ("CIRCLE_SHA1", "CIRCLE_BRANCH", "CIRCLE_REPOSITORY_URL"),
    ("BUILDKITE_COMMIT", "BUILDKITE_BRANCH", "BUILDKITE_REPO"),
)
_SHORTEST = 7


def code_of_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """RunEvent's fields; empty where nothing tells a commit."""
    for commit, branch, repository in _VARIABLES:
        if len(environ.get(commit, "")) >= _SHORTEST:
            place = environ.get(repository, "")
            if repository == "GITHUB_REPOSITORY" and place:
                place = f"{environ.get('GITHUB_SERVER_URL') or 'https://github.com'}/{place}"
            found = {"code_commit": environ[commit], "code_branch": environ.get(branch, ""), "code_repository": place}
            return {field: value for field, value in found.items() if value}
    return {}
