"""Where a job runs, by OpenTelemetry's names: from the environment, from files, from the cloud's metadata service."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from leadline.track.facts import Facts
from leadline.track.place import resource
from leadline.track.place.metadata import ask
from leadline.track.surroundings import Around

NOWHERE = Path("/nowhere")


def found(environ: Mapping[str, str], root: Path = NOWHERE) -> dict[str, str]:
    return resource(Around(environ, root))


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_what_is_told_comes_before_what_is_found() -> None:
    """OTEL_RESOURCE_ATTRIBUTES, percent-encoded; what is no pair there is left out."""
    told = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=churn, deployment.environment.name=a%2Cb,nothing,=x,host.name=h1,k="}
    attributes = found(told)
    assert attributes["service.name"] == "churn" and attributes["deployment.environment.name"] == "a,b"
    assert attributes["host.name"] == "h1" and not {"nothing", "", "k"} & attributes.keys()


@pytest.mark.parametrize(
    ("dmi", "expected"),
    [
        (
            {"sys_vendor": "Amazon EC2", "product_name": "m7i.2xlarge", "board_asset_tag": "i-0123456789abcdef0"},
            {
                "cloud.provider": "aws",
                "cloud.platform": "aws_ec2",
                "host.id": "i-0123456789abcdef0",
                "host.type": "m7i.2xlarge",
            },
        ),
        ({"bios_vendor": "Amazon EC2", "product_name": "HVM domU"}, {"cloud.provider": "aws"}),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"}, {"cloud.provider": "gcp"}),
        (
            {"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"},
            {"cloud.provider": "azure", "cloud.platform": "azure.vm"},
        ),
    ],
)
def test_the_firmware_names_the_cloud(tmp_path: Path, dmi: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """/sys/class/dmi/id, as the clouds' documentation says to tell their machines by."""
    root = write(tmp_path, {f"sys/class/dmi/id/{name}": f"{text}\n" for name, text in dmi.items()})
    attributes = found({}, root)
    assert {name: attributes.get(name) for name in expected} == expected


def test_a_machine_of_ones_own_is_in_no_cloud(tmp_path: Path) -> None:
    """AWS_REGION on a desk only configures a client; another Hyper-V is not Azure."""
    root = write(tmp_path, {"sys/class/dmi/id/sys_vendor": "Microsoft Corporation", "sys/class/dmi/id/chassis_asset_tag": "7"})
    assert not [name for name in found({"AWS_REGION": "eu-west-1"}, root) if name.startswith("cloud.")]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"AWS_LAMBDA_FUNCTION_NAME": "score", "AWS_LAMBDA_FUNCTION_VERSION": "3", "AWS_REGION": "eu-west-1"},
            {"cloud.platform": "aws_lambda", "faas.name": "score", "faas.version": "3", "cloud.region": "eu-west-1"},
        ),
        (
            {"SM_TRAINING_ENV": "{}", "SM_CURRENT_INSTANCE_TYPE": "ml.m5.large", "AWS_REGION": "eu-west-1"},
            {"cloud.provider": "aws", "host.type": "ml.m5.large", "cloud.region": "eu-west-1"},
        ),
        (
            {"CLOUD_RUN_JOB": "score", "CLOUD_RUN_EXECUTION": "score-x7", "CLOUD_RUN_TASK_INDEX": "0"},
            {"cloud.platform": "gcp_cloud_run", "faas.name": "score", "gcp.cloud_run.job.execution": "score-x7"},
        ),
        ({"K_SERVICE": "api", "K_REVISION": "api-2"}, {"cloud.provider": "gcp", "faas.name": "api", "faas.version": "api-2"}),
        (
            {"CLOUD_ML_JOB_ID": "9", "CLOUD_ML_REGION": "europe-west4"},
            {"cloud.provider": "gcp", "cloud.region": "europe-west4"},
        ),
        (
            {"WEBSITE_SITE_NAME": "score", "REGION_NAME": "westeurope", "FUNCTIONS_EXTENSION_VERSION": "~4"},
            {"cloud.platform": "azure.functions", "faas.name": "score", "cloud.region": "westeurope"},
        ),
    ],
)
def test_services_without_a_machine(environ: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Each sets variables of its own."""
    attributes = found(environ)
    assert {name: attributes.get(name) for name in expected} == expected


def test_a_pod_and_its_container(tmp_path: Path) -> None:
    """The downward API's variables, the service account's file, the image as whoever deployed it told."""
    digest = f"sha256:{'d' * 64}"
    namespace = "var/run/secrets/kubernetes.io/serviceaccount/namespace"
    cgroup = f"0::/kubepods/pod1/cri-containerd-{'b' * 64}.scope\n"
    root = write(tmp_path, {namespace: "ml\n", "proc/self/cgroup": cgroup})
    environ = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "HOSTNAME": "churn-x7k2p",
        "NODE_NAME": "node-3",
        "K8S_CLUSTER_NAME": "prod",
        "LEADLINE_CONTAINER": f"registry.example.org:5000/ml/churn:7.1@{digest}",
    }
    expected = {
        "k8s.pod.name": "churn-x7k2p",
        "k8s.namespace.name": "ml",
        "k8s.node.name": "node-3",
        "k8s.cluster.name": "prod",
        "container.id": "b" * 64,
        "container.image.name": "registry.example.org:5000/ml/churn",
        "container.image.tags": "7.1",
        "container.image.repo_digests": f"registry.example.org:5000/ml/churn@{digest}",
    }
    attributes = found(environ, root)
    assert {name: attributes.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({}, "2"),
        ({"CUDA_VISIBLE_DEVICES": "1"}, "1"),
        ({"CUDA_VISIBLE_DEVICES": ""}, None),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, None),
    ],
)
def test_gpus(tmp_path: Path, environ: Mapping[str, str], count: str | None) -> None:
    """As NVIDIA's driver lists them in /proc, of which the process may see fewer."""
    text = "Model: \t\t Tesla T4\nIRQ:   \t\t 33\nGPU UUID: \t GPU-1\n"
    root = write(tmp_path, {f"proc/driver/nvidia/gpus/0000:0{place}:00.0/information": text for place in range(2)})
    attributes = found(environ, root)
    assert attributes.get("hw.gpu.count") == count
    assert attributes.get("hw.model") == ("Tesla T4" if count else None)


ANSWERS = {
    "/latest/api/token": "secret",
    "/latest/dynamic/instance-identity/document": json.dumps(
        {
            "instanceId": "i-1",
            "instanceType": "m5.large",
            "region": "eu-west-1",
            "availabilityZone": "eu-west-1b",
            "accountId": "12",
        }
    ),
    "/computeMetadata/v1/instance/zone": "projects/12/zones/europe-west4-a",
    "/computeMetadata/v1/instance/machine-type": "projects/12/machineTypes/n2-standard-4",
    "/computeMetadata/v1/instance/id": "77",
    "/computeMetadata/v1/project/project-id": "team",
    "/metadata/instance/compute?api-version=2021-02-01": json.dumps(
        {
            "vmId": "v1",
            "vmSize": "Standard_D4",
            "location": "westeurope",
            "zone": "2",
            "subscriptionId": "s1",
            "customData": "x",
        }
    ),
    "/v4/abc": json.dumps({"DockerId": "d1", "Image": "registry/churn:7", "ImageID": "sha256:1"}),
    "/v4/abc/task": json.dumps({"TaskARN": "arn:t", "Family": "churn", "Cluster": "ml", "AvailabilityZone": "eu-west-1a"}),
}
ALLOWED = {
    "/latest/dynamic": ("X-aws-ec2-metadata-token", "secret"),
    "/computeMetadata": ("Metadata-Flavor", "Google"),
    "/metadata": ("Metadata", "true"),
}


@pytest.fixture
def service() -> Iterator[str]:
    """The metadata services of three clouds and of ECS on 127.0.0.1; each wants its header, AWS a token before."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            needed = next((pair for path, pair in ALLOWED.items() if self.path.startswith(path)), None)
            allowed = needed is None or self.headers.get(needed[0]) == needed[1]
            body = ANSWERS.get(self.path, "").encode()
            self.send_response(200 if body and allowed else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (
            "aws",
            {"host.id": "i-1", "host.type": "m5.large", "cloud.region": "eu-west-1", "cloud.availability_zone": "eu-west-1b"},
        ),
        ("gcp", {"host.id": "77", "host.type": "n2-standard-4", "cloud.region": "europe-west4", "cloud.account.id": "team"}),
        ("azure", {"host.id": "v1", "host.type": "Standard_D4", "cloud.region": "westeurope", "cloud.account.id": "s1"}),
    ],
)
def test_the_metadata_service(service: str, provider: str, expected: Mapping[str, str]) -> None:
    """Each cloud's, asked as it documents; nothing of what is secret there is told."""
    answer = ask(provider, {}, time.monotonic() + 10, service)
    assert {name: answer.get(name) for name in expected} == expected
    assert not {"secret", "x"} & set(answer.values())


def test_the_task_of_ecs(service: str) -> None:
    """At the address that its variable tells."""
    answer = ask("aws", {"ECS_CONTAINER_METADATA_URI_V4": f"http://{service}/v4/abc"}, time.monotonic() + 10)
    assert (answer["aws.ecs.task.arn"], answer["container.image.name"]) == ("arn:t", "registry/churn:7")
    assert (answer["cloud.region"], answer["cloud.availability_zone"]) == ("eu-west-1", "eu-west-1a")


def test_a_service_that_is_none_answers_nothing(service: str) -> None:
    """A proxy in the way, another cloud: an error, and nothing is told."""
    with pytest.raises(OSError, match="403"):
        ask("aws", {"ECS_CONTAINER_METADATA_URI_V4": f"http://{service}/nothing"}, time.monotonic() + 10)
    assert ask("", {}, time.monotonic()) == {}


@pytest.fixture
def silent() -> Iterator[str]:
    """A service that takes the question and never answers."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_service_that_hangs_delays_a_start_no_longer_than_git(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for all together; then, in the background, one more second, and never again."""
    monkeypatch.setenv("LEADLINE_METADATA_SERVICE", "1")
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"http://{silent}/v4/abc")
    facts = Facts()
    began = time.monotonic()
    assert facts.look(None) is False
    between = time.monotonic()
    assert facts.look(None, patient=True) is True
    assert between - began < 3 and time.monotonic() - between < 8  # bounds of 0.5 s and 1 s, on a machine with others
    assert facts.of_run(None)["resource"]["cloud.platform"] == "aws_ecs"
    assert facts.look(None) is True


def test_the_metadata_service_can_be_switched_off(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By our variable and by AWS's own."""
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"http://{service}/v4/abc")
    monkeypatch.setenv("LEADLINE_METADATA_SERVICE", "1")
    assert "aws.ecs.task.arn" in _resource()
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "aws.ecs.task.arn" not in _resource()
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("LEADLINE_METADATA_SERVICE", "0")
    assert "aws.ecs.task.arn" not in _resource()


def _resource() -> dict[str, str]:
    facts = Facts()
    facts.look(None, patient=True)
    resource: dict[str, str] = facts.of_run(None)["resource"]
    return resource
