"""Deploys the `local` environment into the embedded AWS with the real CDK CLI."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sandbox.aws.environment import ACCOUNT, REGION, cdk_environment
from sandbox.children import SandboxError
from sandbox.parent import as_parent

ROOT = Path(__file__).resolve().parents[1]
_CLI = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
_SECONDS = 300
_END_SECONDS = 10


def bootstrap(endpoint_url: str, *, log: Path) -> None:
    """`cdk bootstrap`: the bucket and the roles that a deployment uses."""
    # Away from cdk.json, or the CLI would synthesize the app too.
    _cdk(["bootstrap", f"aws://{ACCOUNT}/{REGION}"], cdk_environment(endpoint_url), folder=log.parent, log=log)


def deploy(endpoint_url: str, *, inbox_url: str, output: Path, log: Path) -> None:
    """`cdk deploy --all` of the environment `local`."""
    _cdk(
        [
            "deploy",
            "--all",
            "--require-approval=never",
            "--progress=events",
            f"--output={output}",
            "--context=env=local",
            f"--context=inbox={inbox_url}",
        ],
        cdk_environment(endpoint_url),
        folder=ROOT,
        log=log,
    )


def _cdk(arguments: list[str], environment: Mapping[str, str], *, folder: Path, log: Path) -> None:
    if not _CLI.exists():
        raise SandboxError("the CDK CLI is not installed; run `make demo` or `make sandbox`, which install it")
    # `cdk.json` says "python app.py": that must be the interpreter which runs the sandbox, and its Node.
    binaries = str(Path(sys.executable).parent)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.parent", "node", str(_CLI), *arguments, "--ci", "--no-notices"],
            cwd=folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                **environment,
                **as_parent(),
                "PATH": os.pathsep.join((binaries, os.environ.get("PATH", ""))),
                "PYTHONPATH": str(ROOT),
                # The CLI keeps a cache and reads settings at home: neither the user's nor one that cannot be written.
                "HOME": str(log.parent),
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path(sys.prefix, "jsii-cache")),
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the sandbox, which then ends this
        )
        try:
            returncode = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            raise SandboxError(f"cdk {arguments[0]} took longer than {_SECONDS} s; its log: {log}") from None
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if returncode != 0:
        raise SandboxError(f"cdk {arguments[0]} failed: {_reason(log)}\nits log: {log}")


def _reason(log: Path) -> str:
    """The line of the CLI's log that says why it failed."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if len(lines) > 1 and "Subprocess exited" in lines[-1]:
        return lines[-2]  # what the app itself said last
    telling = [line for line in lines if "FAILED" in line or "rror" in line]
    return (telling or lines or ["it said nothing"])[-1]
