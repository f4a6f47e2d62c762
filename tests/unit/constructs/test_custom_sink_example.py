"""`examples/custom_sink`: the app synthesizes, and the module that it packs tells a server what it should."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alert_common.alert import Alert, Kind, Resource, Severity, State
from alert_common.incident import Incident, Member, News, Stage, Told
from alert_common.page import Action, Page
from alert_common.settings import SinkSettings
from alert_dispatcher.charts import Charts
from alert_dispatcher.errors import UnauthorizedError
from alert_dispatcher.secrets import Secrets
from alert_dispatcher.sinks import registry
from alert_dispatcher.sinks.base import Sink, Tools, Update

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def cdk_out(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the example's app writes."""
    out = tmp_path_factory.mktemp("cdk.out")
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=root / "examples" / "custom_sink",
        env={**os.environ, "CDK_OUTDIR": str(out), "CDK_VALIDATION": "false"},
        check=True,
        timeout=120,
    )
    return out


@dataclass(kw_only=True)
class Server:
    """Takes what Opsgenie takes from whoever has its key."""

    url: str = ""
    key: str = "good"
    seen: list[tuple[str, dict[str, Any]]]


@pytest.fixture
def server() -> Iterator[Server]:
    """A local Opsgenie."""
    state = Server(seen=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_known = self.headers["Authorization"] == f"GenieKey {state.key}"
            if is_known:
                state.seen.append((self.path, json.loads(body)))
            self.send_response(202 if is_known else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{httpd.server_port}/v2/alerts"
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield state
    httpd.shutdown()
    httpd.server_close()


class _SecretsManager:
    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's
        return {"SecretString": "good"}


@pytest.fixture
def sink(cdk_out: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Sink:
    """The sink as the dispatcher makes it, out of the asset and the settings document, but for its address."""
    (asset,) = {path.parent for path in cdk_out.glob("asset.*/custom_sinks")}
    (template,) = cdk_out.glob("*.template.json")
    (sinks,) = (
        "".join(part if isinstance(part, str) else "x" for part in resource["Properties"]["Value"]["Fn::Join"][1])
        for name, resource in json.loads(template.read_text())["Resources"].items()
        if resource["Type"] == "AWS::SSM::Parameter" and "Sinks" in name
    )
    described = json.loads(sinks)["sinks"]["opsgenie"]
    assert described["settings"]["api_url"] == "https://api.opsgenie.com/v2/alerts"
    settings = SinkSettings(queue="", dead_letters="", settings={**described["settings"], "api_url": server.url})
    # What the functions share comes from the checkout, only the sink from the asset.
    monkeypatch.setattr(sys, "path", [*sys.path, str(asset)])
    monkeypatch.delitem(sys.modules, "custom_sinks", raising=False)
    monkeypatch.delitem(sys.modules, "custom_sinks.opsgenie", raising=False)
    tools = Tools(secrets=Secrets(_SecretsManager()), charts=Charts(bucket="", s3=lambda: None), client=lambda _: None)
    return registry.make("opsgenie", {"opsgenie": settings}, tools)


def _incident() -> tuple[Incident, Page]:
    alert = Alert(
        kind=Kind.METRIC_ALARM,
        name="ranker/AllTraffic/errors",
        state=State.ALARM,
        at=NOW,
        severity=Severity.CRITICAL,
        first_action="look at the model's log.",
        resource=Resource(kind="endpoint", name="ranker", variant="AllTraffic"),
    )
    news = News(seq=1, action=Action.TRIGGER, member="m", name=alert.name, at=NOW, page="p")
    member = Member(name=alert.name, state=State.ALARM, at=NOW, opened_at=NOW, severity=Severity.CRITICAL)
    incident = Incident(
        id="endpointwatch/ranker/0f",
        group="g",
        opened_at=NOW,
        severity=Severity.CRITICAL,
        sinks={"opsgenie": 0},
        members={"m": member},
        news=(news,),
        last_seq=1,
    )
    return incident, Page(action=Action.TRIGGER, alert=alert)


def test_an_incident_opens_one_alert_and_closes_it(sink: Sink, server: Server) -> None:
    """Opened under the incident's id with its urgency, closed by the same id, which may hold slashes."""
    incident, page = _incident()
    opened = Update(incident=incident, told=Told(), now=NOW, pages={"p": page})
    assert sink.messages(opened) == 1
    sink.send(opened, lambda told: None)
    later = NOW + timedelta(minutes=10)
    over = replace(
        incident,
        members={"m": replace(incident.members["m"], state=State.OK, opened_at=None)},
        recovered_at=later,
    )
    sink.send(
        Update(incident=over, told=Told(seq=1, stage=Stage.OPEN), now=later, pages={"p": page}), lambda told: None
    )
    (path, alert), closed = server.seen
    assert path == "/v2/alerts"
    assert (alert["alias"], alert["priority"]) == (incident.id, "P1")
    assert 0 < len(alert["message"]) <= 130
    assert "Look at the model's log." in alert["description"]
    assert closed == (
        "/v2/alerts/endpointwatch%2Franker%2F0f/close?identifierType=alias",
        {"source": "endpointwatch"},
    )


def test_what_happens_in_between_is_not_told(sink: Sink) -> None:
    """An open incident that the sink knows takes none of its rate."""
    incident, page = _incident()
    known = Told(seq=0, stage=Stage.OPEN, severity=Severity.CRITICAL)
    assert sink.messages(Update(incident=incident, told=known, now=NOW, pages={"p": page})) == 0


def test_the_probe_proves_the_key(sink: Sink, server: Server) -> None:
    """A heartbeat passes with the right key, and fails with a wrong one after it was read again."""
    sink.probe()
    assert [path for path, _ in server.seen] == ["/v2/alerts/endpointwatch%2Fheartbeat/close?identifierType=alias"]
    server.key = "rotated"
    with pytest.raises(UnauthorizedError):
        sink.probe()
