"""Pods and nodes, from a real HTTPS server under a certificate authority of its own, with a token as EKS wants it."""

import base64
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.session import get_session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alert_common.alert import Alert, Kind, Metric, MetricFacts, Resource
from alert_common.context import Missing, Node, Pod
from alert_enricher.enrich import pods
from alert_enricher.enrich.enrichers import applying
from alert_enricher.enrich.finding import AnswerError, Finding
from alert_enricher.enrich.kubernetes import token
from tests.unit.functions import samples
from tests.unit.functions.modelled import ModelledAws
from tests.unit.functions.samples import one

SERVICE = Resource(kind="service", name="ranker", cluster="gpu-prod", namespace="ml")
CLUSTER = Resource(kind="cluster", name="gpu-prod")


def about(resource: Resource, namespace: str = "ContainerInsights", **dimensions: str) -> Alert:
    """An alarm of Container Insights."""
    metric = Metric(namespace=namespace, name="pod_status_pending", dimensions=dimensions)
    return replace(one(samples.envelope(samples.sns_alarm())), resource=resource, metric=MetricFacts(metrics=(metric,)))


def sts() -> Any:
    """A client as the function would have it."""
    session = get_session()
    session.set_credentials("AKIAEXAMPLE", "secret", "session-token")
    return session.create_client("sts", region_name="eu-west-1")


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and a server's certificate under it."""

    pem: bytes
    chain: Path
    """The server's key and certificate."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Authority]:
    """Make authorities as EKS has them, without key identifiers; each knows a server on 127.0.0.1."""

    def make() -> Authority:
        key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
        now = datetime.now(UTC)

        def builder(public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
            return (
                x509.CertificateBuilder()
                .issuer_name(name)
                .public_key(public)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - timedelta(hours=1))
                .not_valid_after(now + timedelta(hours=1))
            )

        own = (
            builder(key.public_key())
            .subject_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        server = (
            builder(server_key.public_key())
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        path = tmp_path_factory.mktemp("authority") / "server.pem"
        private = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(private + server.public_bytes(pem))
        return Authority(pem=own.public_bytes(pem), chain=path)

    return make


@dataclass
class Cluster:
    """A Kubernetes API server."""

    address: str
    authority: Authority
    objects: dict[str, Any]
    status: int = 200
    body: str = ""
    slow: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, Mapping[str, list[str]], str]] = field(default_factory=list)
    """Path, query and token of every request."""

    @property
    def described(self) -> dict[str, Any]:
        """The cluster, as EKS describes it."""
        data = base64.b64encode(self.authority.pem).decode()
        return {"cluster": {"endpoint": self.address, "certificateAuthority": {"data": data}}}


@contextmanager
def serving(authority: Authority) -> Iterator[Cluster]:
    """Serve a cluster on a free port until the block ends."""
    cluster = Cluster(address="", authority=authority, objects={})
    cluster.slow.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            cluster.asked.append((parts.path, parse_qs(parts.query), self.headers.get("Authorization", "")))
            cluster.slow.wait(10)
            found = cluster.objects.get(parts.path)
            status = cluster.status if cluster.status != 200 else 200 if found is not None else 404
            body = (cluster.body or json.dumps(found)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that does not trust the server breaks off; that is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    cluster.address = f"https://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield cluster
    finally:
        cluster.slow.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as strictly as newer Pythons do: they refuse an authority without key identifiers."""
    lenient = ssl.create_default_context

    def create(**of: Any) -> ssl.SSLContext:
        context = lenient(**of)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)


@pytest.fixture
def cluster(authority: Callable[[], Authority]) -> Iterator[Cluster]:
    """Return a cluster that serves."""
    with serving(authority()) as running:
        yield running


def fetched(cluster: Cluster, alert: Alert, seconds: float = 5.0) -> Finding:
    """Ask the cluster about an alert's resource."""
    assert alert.resource is not None
    aws = ModelledAws({"describe_cluster": cluster.described})
    until = time.monotonic() + seconds
    return pods.fetch(alert, alert.resource, aws.client("eks"), sts(), until)


def pod(name: str, *, phase: str = "Running", node: str = "n1", labels: Any = None, **status: Any) -> dict[str, Any]:
    """A pod, as the API has it."""
    ready = {"type": "Ready", "status": "True" if phase == "Running" and not status else "False"}
    conditions = [ready, *status.pop("conditions", [])]
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"nodeName": node} if node else {},
        "status": {"phase": phase, "conditions": conditions, **status},
    }


def container(restarts: int = 0, **states: Any) -> dict[str, Any]:
    """A container's status."""
    return {"restartCount": restarts, **states}


def node(name: str, *conditions: tuple[str, str, str], gpus: str | None = "4") -> dict[str, Any]:
    """A node with conditions: type, status, reason."""
    return {
        "metadata": {"name": name, "labels": {"node.kubernetes.io/instance-type": "g6.12xlarge"}},
        "status": {
            "allocatable": {"cpu": "47", **({"nvidia.com/gpu": gpus} if gpus else {})},
            "conditions": [{"type": t, "status": s, "reason": r} for t, s, r in conditions],
        },
    }


def test_a_services_pods_and_their_nodes(cluster: Cluster) -> None:
    """The service says which pods are its own; those in trouble come first, each node once."""
    cluster.objects = {
        "/api/v1/namespaces/ml/services/ranker": {"spec": {"selector": {"app": "ranker", "tier": "gpu"}}},
        "/api/v1/namespaces/ml/pods": {
            "items": [
                pod("ranker-1"),
                pod("ranker-2", containerStatuses=[container(7, lastState={"terminated": {"reason": "OOMKilled"}})]),
                pod("ranker-3", node="n2"),
            ]
        },
        "/api/v1/nodes/n1": node("n1", ("Ready", "True", ""), ("MemoryPressure", "True", "KubeletHasNoMemory")),
        "/api/v1/nodes/n2": node("n2", ("Ready", "False", "KubeletNotReady"), ("DiskPressure", "False", ""), gpus=None),
    }
    found = fetched(cluster, about(SERVICE))
    assert found.missing == ()
    assert found.values["pods"] == (
        Pod(name="ranker-2", phase="Running", node="n1", ready=False, restarts=7, reason="OOMKilled"),
        Pod(name="ranker-1", phase="Running", node="n1", ready=True),
        Pod(name="ranker-3", phase="Running", node="n2", ready=True),
    )
    assert found.values["nodes"] == (
        Node(
            name="n1", ready=True, instance_type="g6.12xlarge", gpus=4, problems=("MemoryPressure: KubeletHasNoMemory",)
        ),
        Node(name="n2", ready=False, instance_type="g6.12xlarge"),
    )
    assert cluster.asked[1][1]["labelSelector"] == ["app=ranker,tier=gpu"]


def test_a_workload_without_a_service_is_known_by_name_or_label(cluster: Cluster) -> None:
    """Container Insights' PodName is the deployment's name; another deployment's pods are not taken for its own."""
    labelled = pod("x-1", labels={"app.kubernetes.io/name": "ranker"})
    cluster.objects = {
        "/api/v1/namespaces/ml/pods": {"items": [pod("ranker-7f9-abc"), pod("rankers-1"), pod("search-1"), labelled]},
        "/api/v1/nodes/n1": node("n1"),
    }
    assert [p.name for p in fetched(cluster, about(SERVICE)).values["pods"]] == ["ranker-7f9-abc", "x-1"]


def test_of_a_cluster_what_does_not_run(cluster: Cluster) -> None:
    """All pods would be thousands; the node that the alarm names is looked at too."""
    cluster.objects = {"/api/v1/pods": {"items": []}, "/api/v1/nodes/ip-1": node("ip-1", ("Ready", "True", ""))}
    found = fetched(cluster, about(CLUSTER, NodeName="ip-1"))
    assert cluster.asked[0][1]["fieldSelector"] == ["status.phase!=Running,status.phase!=Succeeded"]
    assert [n.name for n in found.values["nodes"]] == ["ip-1"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (pod("p"), ""),
        (
            pod(
                "p",
                phase="Pending",
                node="",
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/4 nodes are available: 4 Insufficient nvidia.com/gpu.",
                    }
                ],
            ),
            "Unschedulable: 0/4 nodes are available: 4 Insufficient nvidia.com/gpu.",
        ),
        (
            pod(
                "p",
                containerStatuses=[
                    container(
                        3,
                        state={"waiting": {"reason": "CrashLoopBackOff"}},
                        lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                    )
                ],
            ),
            "OOMKilled",
        ),
        (
            pod(
                "p", phase="Pending", containerStatuses=[container(state={"waiting": {"reason": "ContainerCreating"}})]
            ),
            "",
        ),
        (
            pod("p", phase="Pending", containerStatuses=[container(state={"waiting": {"reason": "ImagePullBackOff"}})]),
            "ImagePullBackOff",
        ),
        (
            pod("p", containerStatuses=[container(1, lastState={"terminated": {"reason": "Error", "exitCode": 1}})]),
            "Error",
        ),
        (pod("p", initContainerStatuses=[container(state={"terminated": {"reason": "Completed", "exitCode": 0}})]), ""),
        (pod("p", phase="Failed", reason="Evicted"), "Evicted"),
    ],
)
def test_a_pods_reason_is_what_explains_it(raw: Mapping[str, Any], reason: str) -> None:
    """Memory before the crash loop that it causes, the scheduler's words, and nothing for what is usual."""
    assert pods.pod(raw).reason == reason


@pytest.mark.parametrize(
    ("condition", "problems"),
    [
        (("AcceleratedHardwareReady", "False", "NvidiaXID79Error"), ("AcceleratedHardwareReady: NvidiaXID79Error",)),
        (("AcceleratedHardwareReady", "True", ""), ()),
        (("AcceleratedHardwareReady", "Unknown", ""), ("AcceleratedHardwareReady",)),
        (("DiskPressure", "True", ""), ("DiskPressure",)),
        (("PIDPressure", "False", ""), ()),
        (("Ready", "False", "KubeletNotReady"), ()),
    ],
)
def test_a_nodes_problems_are_its_bad_conditions(condition: tuple[str, str, str], problems: tuple[str, ...]) -> None:
    """What ends in Ready must be so, everything else must not; Ready itself is a field of its own."""
    assert pods.node(node("n", condition)).problems == problems


@pytest.mark.parametrize("raw", [{}, {"status": {}}, {"metadata": {}, "spec": {}, "status": {"conditions": []}}])
def test_an_object_that_says_little_is_read(raw: Mapping[str, Any]) -> None:
    """A pod that was just made has no status yet."""
    assert pods.pod(raw).ready is False
    assert pods.node(raw).gpus is None


def test_the_token_is_one_that_eks_takes() -> None:
    """A signed STS address for a minute, whose signature covers the cluster's name; a second cluster gets its own."""
    client = sts()
    for name in ("gpu-prod", "other"):
        made = token(name, client)
        assert made.startswith("k8s-aws-v1.")
        text = made.removeprefix("k8s-aws-v1.")
        address = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        query = parse_qs(urlsplit(address).query)
        assert urlsplit(address).hostname == "sts.eu-west-1.amazonaws.com"
        assert query["Action"] == ["GetCallerIdentity"]
        assert query["X-Amz-Expires"] == ["60"]
        assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
        assert name not in address, "the server repeats the header with the name that it knows itself by"


def test_the_cluster_is_told_who_asks(cluster: Cluster) -> None:
    """Every request carries the token."""
    cluster.objects = {"/api/v1/pods": {"items": []}}
    fetched(cluster, about(CLUSTER))
    assert cluster.asked[0][2].startswith("Bearer k8s-aws-v1.")


def test_another_authoritys_server_is_not_trusted(cluster: Cluster, authority: Callable[[], Authority]) -> None:
    """Whoever stands between gets no token: the connection ends before the first request."""
    impostor = replace(cluster, authority=authority())
    with pytest.raises(AnswerError, match="certificate not trusted"):
        fetched(impostor, about(CLUSTER))
    assert cluster.asked == []


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (401, "{}", "access denied"),
        (403, "{}", "access denied"),
        (429, "{}", "throttled"),
        (500, "oops", "HTTP 500"),
        (302, "", "HTTP 302"),
        (200, "<html>", "no JSON"),
        (200, "[]", "no object"),
    ],
)
def test_a_refusal_is_named(cluster: Cluster, status: int, body: str, why: str) -> None:
    """In a word or two, without the server's own text."""
    cluster.objects, cluster.status, cluster.body = {"/api/v1/pods": {"items": []}}, status, body
    with pytest.raises(AnswerError) as error:
        fetched(cluster, about(CLUSTER))
    assert error.value.why == why


def test_nodes_that_are_refused_cost_the_nodes_only(cluster: Cluster) -> None:
    """A view policy for pods says nothing of nodes; a node that is gone is no news."""
    cluster.objects = {"/api/v1/pods": {"items": [pod("a", node="gone"), pod("b", node="n1")]}}
    assert fetched(cluster, about(CLUSTER)).missing == ()

    cluster.objects["/api/v1/nodes/gone"] = node("gone")
    cluster.objects["/api/v1/nodes/n1"] = ["no object"]
    found = fetched(cluster, about(CLUSTER))
    assert [n.name for n in found.values["nodes"]] == ["gone"]
    assert found.missing == (Missing(what="nodes", why="no object"),)


def test_a_slow_server_is_given_up(cluster: Cluster) -> None:
    """When the time is up, not when the server is done."""
    cluster.objects = {"/api/v1/pods": {"items": []}}
    cluster.slow.clear()
    began = time.monotonic()
    with pytest.raises(AnswerError, match="API server timed out"):
        fetched(cluster, about(CLUSTER), seconds=0.5)
    assert time.monotonic() - began < 1.5


def test_a_server_that_is_not_there_is_named(cluster: Cluster) -> None:
    """A private API server, seen from outside its network."""
    with pytest.raises(AnswerError, match="API server unreachable"):
        fetched(replace(cluster, address="https://127.0.0.1:1"), about(CLUSTER))
    with pytest.raises(AnswerError, match="API server unreachable"):
        fetched(replace(cluster, address="https://no-such-cluster.invalid"), about(CLUSTER))


@pytest.mark.parametrize(
    ("alert", "asked"),
    [
        (about(SERVICE), True),
        (about(SERVICE, namespace="AWS/EKS"), True),
        (about(SERVICE, namespace="ECS/ContainerInsights"), False),
        (about(CLUSTER, namespace="AWS/MemoryDB"), False),
        (about(Resource(kind="service", name="EC2")), False),
        (replace(about(SERVICE), kind=Kind.ALERTMANAGER, metric=None), True),
        (about(Resource(kind="endpoint", name="ranker")), False),
    ],
)
def test_pods_are_asked_for_where_there_are_some(alert: Alert, asked: bool) -> None:
    """ECS and other services have clusters too, and AWS Health names services that run nowhere."""
    assert ("pods" in applying(alert, charts_bucket="", clients=ModelledAws().client)) is asked
