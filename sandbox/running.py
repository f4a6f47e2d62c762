"""The sandbox as a whole: inbox, embedded AWS, secrets, and the `local` environment deployed into it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox import deploy
from sandbox.aws.environment import ACCOUNT, REGION
from sandbox.children import Children, get_json
from sandbox.clock import Clock
from sandbox.inbox.contracts.webhook import SECRET as WEBHOOK_SECRET

ENDPOINT = "ranker"
VARIANT = "AllTraffic"
CHANNEL = "C0SANDBOX01=ml-alerts"
# Made up, in the form that the real ones have; the inbox checks the form.
SECRETS = {
    "endpointwatch/local/pagerduty-routing-key": "R0SANDBOX0SANDBOX0SANDBOX0SANDBX",
    "endpointwatch/local/slack-bot-token": "xoxb-000000000000-000000000000-sandboxsandboxsandbox",
    "endpointwatch/local/webhook-secret": WEBHOOK_SECRET,
}

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Running:
    """A sandbox that runs.

    Args:
        endpoint_url: the embedded AWS.
        inbox_url: the inbox.
        clock: the sandbox's clock.
        children: its processes.
    """

    endpoint_url: str
    inbox_url: str
    clock: Clock
    children: Children

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS."""
        return boto3.client(  # type: ignore[call-overload]  # the stubs have no client for a name that is a variable
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - the embedded AWS checks none
            config=Config(max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 2}),
        )

    @property
    def model_url(self) -> str:
        """Where a plain HTTP POST reaches the model."""
        return f"{self.endpoint_url}/endpoints/{ENDPOINT}/invocations"

    def topics(self) -> dict[str, str]:
        """Topic ARN by severity, from the outputs of the alerting stack."""
        stacks = self.client("cloudformation").describe_stacks(StackName="EndpointwatchAlertingLocal")["Stacks"]
        return {
            output["OutputKey"].removesuffix("Topic").lower(): output["OutputValue"]
            for output in stacks[0]["Outputs"]
            if output["OutputKey"].endswith("Topic")
        }

    def inbox(self, what: str) -> Any:
        """What the inbox's API answers at `/api/what`."""
        return get_json(f"{self.inbox_url}/api/{what}")

    def stacks(self) -> Any:
        """What of each stack was declared, created, emulated and skipped."""
        return get_json(f"{self.endpoint_url}/_sandbox/stacks")


@contextmanager
def running(*, folder: Path, aws_port: int, inbox_port: int, speed: float, say: Say) -> Iterator[Running]:
    """Starts everything, deploys, and stops everything on leaving.

    Args:
        folder: for logs and the synthesized app.
        aws_port: port of the embedded AWS on 127.0.0.1.
        inbox_port: port of the inbox on 127.0.0.1.
        speed: sandbox seconds a second.
        say: called with each step as it is done.

    Raises:
        SandboxError: something did not start or deploy; the message says what, and where its log is.
    """
    endpoint_url, inbox_url = f"http://127.0.0.1:{aws_port}", f"http://127.0.0.1:{inbox_port}"
    cdk_log = folder / "cdk.log"
    cdk_log.write_bytes(b"")
    with Children(folder) as children:
        children.start(
            "inbox",
            "sandbox.inbox",
            [f"--port={inbox_port}", f"--channel={CHANNEL}"],
            health_url=f"{inbox_url}/api/health",
        )
        children.start(
            "aws",
            "sandbox.aws",
            [f"--port={aws_port}", f"--speed={speed:g}", f"--inbox={inbox_url}"],
            health_url=f"{endpoint_url}/_sandbox/health",
        )
        health = get_json(f"{endpoint_url}/_sandbox/health")
        clock = Clock.from_reading(
            now=datetime.fromisoformat(health["now"]).timestamp(), wall=time.time(), speed=health["speed"]
        )
        sandbox = Running(endpoint_url=endpoint_url, inbox_url=inbox_url, clock=clock, children=children)
        for name, value in SECRETS.items():
            sandbox.client("secretsmanager").create_secret(Name=name, SecretString=value)
        say(f"embedded AWS at {endpoint_url}, inbox at {inbox_url}")
        deploy.bootstrap(endpoint_url, log=cdk_log)
        say(f"cdk bootstrap aws://{ACCOUNT}/{REGION}")
        deploy.deploy(endpoint_url, inbox_url=inbox_url, output=folder / "cdk.out", log=cdk_log)
        say("cdk deploy --all -c env=local: " + _summary(sandbox.stacks()))
        yield sandbox


def write_addresses(sandbox: Running, path: Path) -> dict[str, object]:
    """Writes where everything is to `path`, for other programs; returns it."""
    addresses: dict[str, object] = {
        "endpoint_url": sandbox.endpoint_url,
        "region": REGION,
        "topics": sandbox.topics(),
        "inbox_url": sandbox.inbox_url,
        "model_url": sandbox.model_url,
        "endpoint_name": ENDPOINT,
    }
    # Whoever waits for the file never sees half of it.
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(addresses, indent=2) + "\n")
    partial.replace(path)
    return addresses


def _summary(stacks: list[dict[str, Any]]) -> str:
    created = sum(len(stack["created"]) for stack in stacks)
    skipped = sum(len(stack["skipped"]) for stack in stacks)
    return f"{created} resources in {len(stacks)} stacks" + (f", {skipped} skipped" if skipped else "")
