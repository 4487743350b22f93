"""The tool around a job, recognised by what each tool really leaves in its environment."""

import contextvars
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leadline.track.parent import RunRef
from leadline.track.surroundings import Around, Tool, airflow, tool_around

NOWHERE = Path("/nowhere")


def around(environ: Mapping[str, str], root: Path = NOWHERE, modules: Mapping[str, Any] | None = None) -> Around:
    return Around({"PATH": "/bin", **environ}, root, modules or {})


AIRFLOW = {
    "AIRFLOW_CTX_DAG_OWNER": "ml-team",
    "AIRFLOW_CTX_DAG_ID": "churn",
    "AIRFLOW_CTX_TASK_ID": "score",
    "AIRFLOW_CTX_LOGICAL_DATE": "2026-11-21T00:00:00+00:00",
    "AIRFLOW_CTX_TRY_NUMBER": "2",
    "AIRFLOW_CTX_DAG_RUN_ID": "scheduled__2026-11-21T00:00:00+00:00",
    "AIRFLOW__OPENLINEAGE__NAMESPACE": "prod",
}
IDS = {"dag_id": "churn", "task_id": "score", "run_id": "scheduled__2026-11-21T00:00:00+00:00", "try_number": "2"}


def test_nothing_is_nothing() -> None:
    """A shell on a desk."""
    assert tool_around(around({"HOME": "/home/ada"})) is None


def test_airflow_3_by_its_environment() -> None:
    """As apache-airflow-task-sdk 1.3 (`context_to_airflow_vars`) exports it to every task, with its API's address."""
    tool = tool_around(around({**AIRFLOW, "AIRFLOW__API__BASE_URL": "https://airflow.example.org/"}))
    page = "https://airflow.example.org/dags/churn/runs/scheduled__2026-11-21T00%3A00%3A00%2B00%3A00/tasks/score?try_number=2"
    assert tool == Tool("airflow", IDS, page, "ml-team")


def test_airflow_2_by_its_environment() -> None:
    """As apache-airflow 2 exports it: the date under its old name, the address under [webserver]."""
    environ = {name: value for name, value in AIRFLOW.items() if "LOGICAL" not in name}
    environ |= {"AIRFLOW_CTX_EXECUTION_DATE": "2026-11-21T00:00:00+00:00", "AIRFLOW__WEBSERVER__BASE_URL": "http://af:8080"}
    tool = tool_around(around(environ))
    assert tool is not None and (tool.ids, tool.actor) == (IDS, "ml-team")
    assert tool.url.startswith(
        "http://af:8080/dags/churn/grid?dag_run_id=scheduled__2026-11-21T00%3A00%3A00%2B00%3A00&task_id=score"
    )
    assert airflow.parent(around(environ)) == airflow.parent(around(AIRFLOW))


def test_airflows_task_is_the_parent_under_openlineages_id() -> None:
    """The id is what `generate_static_uuid` of openlineage-python 1.54 makes of what provider 2.20 gives it."""
    found = airflow.parent(around(AIRFLOW))
    assert found == RunRef("01a1fb67-1800-7cc1-a620-2391cb51088c", "prod", "churn.score")
    without = {name: value for name, value in AIRFLOW.items() if "NAMESPACE" not in name}
    assert airflow.parent(around(without)).job_namespace == "default"
    assert airflow.parent(around({**without, "OPENLINEAGE_NAMESPACE": "prod"})) == found
    assert airflow.parent(around({})) == RunRef()


def test_airflow_in_the_tasks_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The context list of apache-airflow-task-sdk 1.3: a mapped task, whose index no variable tells, and the root."""
    run = SimpleNamespace(run_id="r", logical_date=datetime(2026, 11, 21, tzinfo=UTC), clear_number=0)
    instance = SimpleNamespace(dag_id="churn", task_id="score", try_number=2, map_index=3, log_url="https://af/dags/churn")
    context = {"ti": instance, "dag_run": run, "task": SimpleNamespace(owner="ml-team")}
    module = {"airflow.sdk.definitions._internal.contextmanager": SimpleNamespace(_CURRENT_CONTEXT=[context])}
    place = around({"AIRFLOW__OPENLINEAGE__NAMESPACE": "prod"}, modules=module)
    ids = {"dag_id": "churn", "task_id": "score", "run_id": "r", "try_number": "2", "map_index": "3"}
    assert tool_around(place) == Tool("airflow", ids, "https://af/dags/churn", "ml-team")
    found = airflow.parent(place)
    assert found.run_id == "01a1fb67-1800-7606-abbb-4c854db688c4"
    root = ("01a1fb67-1800-7b80-8649-f0307b8f13dd", "prod", "churn")
    assert (found.root_run_id, found.root_job_namespace, found.root_job_name) == root


def test_dagster_pipes() -> None:
    """As dagster-pipes 1.13 encodes its context for a process outside (`encode_param`)."""
    context = (
        "eJxtj09LQzEQxL9KydlgkpZWvSl48eKh3kSW/NnUaN9GNnmtj/K+u4mConjc+c3sMCcRbLXianESthSs8IpTaeej8M8j03nxmbGIp7OF8DkgHJBLygRugm9/"
        "T8/N8Mb5gGTJ4//Yck21h79EYZRZS62l0eIvBra0w2aicb//BWsaEI6JQj7+YB4JUug/V07HjVUol3GNchWUl5dRWXkRjdsE7Q0uY297yQ7IDr1CAFxvt7cP"
        "cHd/0xFj5QloHBxyw6pJ+F7Zls8h8/wBDY5lsg=="
    )
    run_id = "4b1f7a0e-3f6e-4d0c-9f0a-8f2b7d1c2e3f"
    ids = {"run_id": run_id, "job_name": "__ASSET_JOB", "partition": "2026-11-21", "assets": "churn/scores"}
    url = f"https://dagster.example.org/runs/{run_id}"
    tool = tool_around(around({"DAGSTER_PIPES_CONTEXT": context, "LEADLINE_TOOL_URL": "https://dagster.example.org/"}))
    assert tool == Tool("dagster", ids, url)


def test_dagster_in_a_pod_of_a_step() -> None:
    """As dagster-k8s 0.29 (`executor.py`) starts it."""
    environ = {"DAGSTER_RUN_JOB_NAME": "train", "DAGSTER_RUN_STEP_KEY": "fit", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert tool_around(around(environ)) == Tool("dagster", {"job_name": "train", "step": "fit"})


def test_dagster_in_the_steps_own_process() -> None:
    """The variable `current_execution_context` of dagster 1.13, in which an asset finds its context."""
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("current_execution_context", default=None)
    modules = {"dagster._core.execution.context.compute": SimpleNamespace(current_execution_context=variable)}
    assert tool_around(around({}, modules=modules)) is None
    step = SimpleNamespace(run_id="r1", job_name="train", op=SimpleNamespace(name="fit"), has_partition_key=False)
    variable.set(SimpleNamespace(op_execution_context=step))
    assert tool_around(around({}, modules=modules)) == Tool("dagster", {"run_id": "r1", "job_name": "train", "op": "fit"})


def test_kubeflow() -> None:
    """The variables that Kubeflow Pipelines' compiler gives each task's pod (`commonEnvs`), and Argo below it."""
    environ = {
        "KFP_POD_NAME": "churn-x7k2p-system-container-impl-2891",
        "KFP_POD_UID": "a1b2",
        "KFP_RUN_ID": "5e2b",
        "ARGO_NODE_ID": "churn-x7k2p-2891",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "LEADLINE_TOOL_URL": "https://kubeflow.example.org/pipeline",
    }
    tool = tool_around(around(environ))
    ids = {"run_id": "5e2b", "pod": "churn-x7k2p-system-container-impl-2891", "pod_uid": "a1b2", "node": "churn-x7k2p-2891"}
    assert tool == Tool("kubeflow", ids, "https://kubeflow.example.org/pipeline/#/runs/details/5e2b")


def test_kubeflow_on_vertex() -> None:
    """VERTEX_AI_PIPELINES_RUN_LABELS, by which kfp 2.17 (`dsl/executor.py`) knows Vertex."""
    labels = '{"vertex-ai-pipelines-run-billing-id": "77"}'
    tool = tool_around(around({"VERTEX_AI_PIPELINES_RUN_LABELS": labels, "CLOUD_ML_JOB_ID": "12"}))
    assert tool == Tool("vertex", {"vertex-ai-pipelines-run-billing-id": "77", "job_id": "12"})


def test_databricks_in_a_job() -> None:
    """DATABRICKS_RUNTIME_VERSION, and the context by whose fields mlflow 3.17 (`databricks_utils.py`) knows job and run."""
    context = SimpleNamespace(
        jobId="11",
        idInJob="22",
        notebookPath="/Repos/churn/train",
        clusterId="0121-x",
        workspaceUrl="dbc-1.cloud.databricks.com",
    )
    modules = {"dbruntime.databricks_repl_context": SimpleNamespace(get_context=lambda: context)}
    tool = tool_around(around({"DATABRICKS_RUNTIME_VERSION": "15.4"}, modules=modules))
    assert tool is not None
    assert (tool.name, tool.url) == ("databricks", "https://dbc-1.cloud.databricks.com/jobs/11/runs/22")
    assert (tool.cluster, tool.ids["notebook_path"], tool.ids["runtime_version"]) == ("0121-x", "/Repos/churn/train", "15.4")


def test_databricks_in_a_notebook() -> None:
    """The same context, without a job: the page is the notebook's."""
    context = SimpleNamespace(notebookId="77", workspaceUrl="https://dbc-1.cloud.databricks.com", jobId=None)
    modules = {"dbruntime.databricks_repl_context": SimpleNamespace(get_context=lambda: context)}
    tool = tool_around(around({"DATABRICKS_RUNTIME_VERSION": "15.4"}, modules=modules))
    assert tool is not None and tool.url == "https://dbc-1.cloud.databricks.com/#notebook/77"


def test_databricks_outside_of_a_notebook() -> None:
    """Spark's settings of a cluster, where no notebook's context is."""
    settings = {"spark.databricks.clusterUsageTags.clusterId": "0121-x", "spark.databricks.job.id": "11"}
    spark = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=SimpleNamespace(getConf=lambda: settings)))
    tool = tool_around(around({"DATABRICKS_RUNTIME_VERSION": "15.4"}, modules={"pyspark": spark}))
    assert tool is not None and tool.ids == {"job_id": "11", "cluster_id": "0121-x", "runtime_version": "15.4"}


def test_sagemaker_training() -> None:
    """The variables of a training container: the job's of SageMaker itself, SM_* of sagemaker-training 5.1."""
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:training-job/churn-2026-11-21"
    environ = {"TRAINING_JOB_NAME": "churn-2026-11-21", "TRAINING_JOB_ARN": arn, "SM_CURRENT_HOST": "algo-1"}
    url = "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/churn-2026-11-21"
    ids = {"training_job": "churn-2026-11-21", "arn": arn, "host": "algo-1"}
    assert tool_around(around(environ)) == Tool("sagemaker", ids, url)


def test_sagemaker_processing(tmp_path: Path) -> None:
    """/opt/ml/config/processingjobconfig.json, which every processing container has."""
    file = tmp_path / "opt/ml/config/processingjobconfig.json"
    file.parent.mkdir(parents=True)
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/clean"
    file.write_text(f'{{"ProcessingJobArn": "{arn}", "ProcessingJobName": "clean"}}')
    tool = tool_around(around({}, tmp_path))
    assert tool is not None and (tool.name, tool.ids) == ("sagemaker", {"processing_job": "clean", "arn": arn})
    assert tool.url.endswith("#/processing-jobs/clean")


def test_vertex() -> None:
    """A custom training job's variables, as google-cloud-aiplatform's `environment_variables.py` names them."""
    environ = {
        "CLOUD_ML_JOB_ID": "987",
        "CLOUD_ML_PROJECT_ID": "123",
        "CLOUD_ML_REGION": "europe-west4",
        "AIP_MODEL_DIR": "gs://x",
    }
    url = "https://console.cloud.google.com/vertex-ai/locations/europe-west4/training/987?project=123"
    assert tool_around(around(environ)) == Tool("vertex", {"job_id": "987", "project": "123", "region": "europe-west4"}, url)


def test_ray_driver() -> None:
    """RAY_JOB_CONFIG_JSON_ENV_VAR with the metadata that Ray's job manager adds (`job_submission_id`)."""
    config = '{"metadata": {"job_name": "raysubmit_1", "job_submission_id": "raysubmit_1"}}'
    tool = tool_around(around({"RAY_JOB_CONFIG_JSON_ENV_VAR": config, "RAY_DASHBOARD_ADDRESS": "head:8265"}))
    assert tool == Tool("ray", {"submission_id": "raysubmit_1"}, "http://head:8265/#/jobs/raysubmit_1")


def test_ray_worker() -> None:
    """A connected process: `ray.get_runtime_context()` of Ray 2."""
    context = SimpleNamespace(get_job_id=lambda: "02000000", get_node_id=lambda: "ab12")
    ray = SimpleNamespace(is_initialized=lambda: True, get_runtime_context=lambda: context)
    assert tool_around(around({}, modules={"ray": ray})) == Tool("ray", {"job_id": "02000000", "node_id": "ab12"})
    assert tool_around(around({}, modules={"ray": SimpleNamespace(is_initialized=lambda: False)})) is None


def test_spark() -> None:
    """A context of pyspark that runs in this process; pods of executors have the application's id in their environment."""
    context = SimpleNamespace(
        applicationId="app-1", appName="churn", master="yarn", uiWebUrl="http://driver:4040", getConf=lambda: None
    )
    pyspark = SimpleNamespace(SparkContext=SimpleNamespace(_active_spark_context=context))
    ids = {"application_id": "app-1", "application": "churn", "master": "yarn"}
    assert tool_around(around({}, modules={"pyspark": pyspark})) == Tool("spark", ids, "http://driver:4040")
    pod = {"SPARK_APPLICATION_ID": "spark-9", "SPARK_EXECUTOR_ID": "3", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert tool_around(around(pod)) == Tool("spark", {"application_id": "spark-9", "executor_id": "3"})
    yarn = {"APPLICATION_WEB_PROXY_BASE": "/proxy/application_1700_0001"}
    assert tool_around(around(yarn)) == Tool("spark", {"application_id": "application_1700_0001"})


def test_github_actions() -> None:
    """https://docs.github.com/actions/reference/workflows-and-actions/variables ."""
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "team/churn",
        "GITHUB_RUN_ID": "17",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_WORKFLOW": "Nightly",
        "GITHUB_JOB": "score",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_ACTOR": "ada",
    }
    tool = tool_around(around(environ))
    assert tool is not None
    assert (tool.name, tool.url, tool.actor) == (
        "github-actions",
        "https://github.com/team/churn/actions/runs/17/attempts/2",
        "ada",
    )
    assert (tool.ids["job"], tool.ids["workflow"], tool.ids["run_id"]) == ("score", "Nightly", "17")


def test_gitlab_ci() -> None:
    """https://docs.gitlab.com/ci/variables/predefined_variables/ ."""
    environ = {
        "GITLAB_CI": "true",
        "CI_JOB_URL": "https://gitlab.example.org/team/churn/-/jobs/5",
        "CI_JOB_ID": "5",
        "CI_PIPELINE_ID": "4",
        "CI_JOB_NAME": "score",
        "CI_PROJECT_PATH": "team/churn",
        "GITLAB_USER_LOGIN": "ada",
    }
    ids = {"project": "team/churn", "pipeline_id": "4", "job_id": "5", "job": "score"}
    assert tool_around(around(environ)) == Tool("gitlab-ci", ids, environ["CI_JOB_URL"], "ada")


def test_jenkins() -> None:
    """https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables ."""
    environ = {"JENKINS_URL": "https://ci/", "BUILD_URL": "https://ci/job/churn/9/", "BUILD_NUMBER": "9", "JOB_NAME": "churn"}
    assert tool_around(around(environ)) == Tool("jenkins", {"job": "churn", "build_number": "9"}, "https://ci/job/churn/9/")


def test_a_notebook() -> None:
    """A kernel that JupyterHub started: jupyter_server tells the notebook, the hub its user."""
    environ = {"JPY_SESSION_NAME": "/home/ada/churn.ipynb", "JUPYTERHUB_USER": "ada", "JUPYTERHUB_SERVER_NAME": ""}
    tool = tool_around(around(environ, modules={"ipykernel.kernelapp": SimpleNamespace()}))
    assert tool == Tool("jupyter", {"notebook": "/home/ada/churn.ipynb"}, actor="ada")


def test_argo() -> None:
    """ARGO_NODE_ID and ARGO_TEMPLATE, which Argo Workflows gives the containers of a step (`workflow/common`)."""
    environ = {
        "ARGO_NODE_ID": "churn-x7k2p-289",
        "ARGO_TEMPLATE": '{"name": "score", "inputs": {}}',
        "POD_NAMESPACE": "ml",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "LEADLINE_TOOL_URL": "https://argo",
    }
    ids = {"node": "churn-x7k2p-289", "template": "score", "workflow": "churn-x7k2p", "namespace": "ml"}
    assert tool_around(around(environ)) == Tool("argo", ids, "https://argo/workflows/ml/churn-x7k2p")


def test_a_kubernetes_job(tmp_path: Path) -> None:
    """A pod's own variables and the file of its service account: the Job's name is in the pod's."""
    file = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/namespace"
    file.parent.mkdir(parents=True)
    file.write_text("ml")
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "churn-score-29391840-3-x7k2p", "JOB_COMPLETION_INDEX": "3"}
    ids = {"pod": "churn-score-29391840-3-x7k2p", "job": "churn-score-29391840", "completion_index": "3", "namespace": "ml"}
    assert tool_around(around(environ, tmp_path)) == Tool("kubernetes", ids)


def write_processes(root: Path, names: list[str]) -> None:
    """/proc as Linux has it: this process first, each with the next as its parent, the last being process 1."""
    numbers = [str(100 + place) for place in range(len(names) - 1)] + ["1"]
    for place, (number, name) in enumerate(zip(numbers, names, strict=True)):
        parent = numbers[place + 1] if place + 1 < len(numbers) else "0"
        for folder in [number, *(["self"] if place == 0 else [])]:
            (root / "proc" / folder).mkdir(parents=True, exist_ok=True)
            (root / "proc" / folder / "stat").write_text(f"{number} ({name}) S {parent} 1 1 0 -1")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["python3", "sh", "cron", "cron", "systemd"], True),
        (["python3", "sh", "CROND", "systemd"], False),
        (["python3", "sh", "crond"], True),
        (["python (x) y", "bash", "sshd", "systemd"], False),
    ],
)
def test_cron(tmp_path: Path, names: list[str], expected: bool) -> None:
    """Nothing in its environment tells cron (crontab(5)): it is an ancestor, in a container the first process."""
    write_processes(tmp_path, names)
    assert (tool_around(around({}, tmp_path)) == Tool("cron", {})) is expected


def test_systemd(tmp_path: Path) -> None:
    """INVOCATION_ID (systemd.exec(5)) and the unit, by the control group; a login has both too, and is none."""
    file = tmp_path / "proc/self/cgroup"
    file.parent.mkdir(parents=True)
    file.write_text("0::/system.slice/churn-score.service\n")
    environ = {"INVOCATION_ID": "0f1e"}
    assert tool_around(around(environ, tmp_path)) == Tool("systemd", {"unit": "churn-score.service", "invocation_id": "0f1e"})
    file.write_text("0::/user.slice/user-1000.slice/user@1000.service/app.slice/terminal.scope\n")
    assert tool_around(around(environ, tmp_path)) is None
    assert tool_around(around({}, tmp_path)) is None


class Hostile(Mapping[str, Any]):
    """Modules that are not what they were."""

    def __getitem__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        return 1

    def get(self, name: str, default: Any = None) -> Any:
        return SimpleNamespace(_CURRENT_CONTEXT=[3], SparkContext=3, get_context=None, is_initialized=3)


@pytest.mark.parametrize(
    "environ",
    [
        {"RAY_JOB_CONFIG_JSON_ENV_VAR": "{"},
        {"DAGSTER_PIPES_CONTEXT": "x"},
        {"VERTEX_AI_PIPELINES_RUN_LABELS": "[]"},
        {"ARGO_NODE_ID": "x", "ARGO_TEMPLATE": "3"},
        {**AIRFLOW, "AIRFLOW_CTX_LOGICAL_DATE": "yesterday"},
        {"KUBERNETES_SERVICE_HOST": "x"},
    ],
)
def test_what_is_odd_hides_nothing_else(environ: dict[str, str]) -> None:
    """A tool that changed its ways is not recognised, and the next is asked."""
    github = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "17"}
    expected = ("github-actions", "kubernetes")
    each: tuple[Mapping[str, Any], ...] = ({}, Hostile())
    for modules in each:
        tool = tool_around(Around({**environ, **github}, NOWHERE, modules))
        assert tool is not None and tool.name in expected
