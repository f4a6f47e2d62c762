"""Packs the alert functions without Docker and without network.

What a function needs beside the standard library and the AWS SDK (which the Lambda runtime has) are a few pure-Python
distributions. They are pinned dependencies of endpointwatch, and are copied from the environment that synthesizes, so that a
checkout and an installed wheel give the same asset.
"""

import shutil
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from constructs import Construct

TIMEOUT = 60
"""Seconds that a function may run; less than the lease that the enricher takes on an alert (120)."""

VENDORED = ("aws-lambda-powertools", "typing-extensions")
"""Distributions that are copied into every function (jmespath, which Powertools needs too, comes with the AWS SDK)."""

_PACKAGE = Path(__file__).resolve().parents[1]
# Kept for the life of the process, so that an app with many routings packs once; removed at exit.
_staging = tempfile.TemporaryDirectory(prefix="endpointwatch-")


def source_root() -> Path:
    """Where the functions' source lies: inside the wheel, or beside `constructs/` in a checkout."""
    installed = _PACKAGE / "_lambda"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "lambda"


@cache
def packed(package: str) -> Path:
    """A folder with everything that one function runs: its package, what functions share, and what they need.

    Args:
        package: such as `alert_enricher`, a folder of `lambda/`.
    """
    folder = Path(_staging.name, package)
    for name in (package, "alert_common"):
        shutil.copytree(source_root() / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for distribution in VENDORED:
        _copy_distribution(distribution, folder)
    return folder


def alert_function(scope: Construct, id: str, *, package: str, log_retention: logs.RetentionDays) -> lambda_.Function:
    """One of the functions, with a role and a log group of its own."""
    log_group = logs.LogGroup(scope, f"{id}Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
    role = iam.Role(scope, f"{id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return lambda_.Function(
        scope,
        id,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"{package}.handler.handler",
        code=lambda_.Code.from_asset(str(packed(package))),
        role=role,
        memory_size=1024,
        timeout=Duration.seconds(TIMEOUT),
        log_group=log_group,
        logging_format=lambda_.LoggingFormat.JSON,
        environment={"POWERTOOLS_SERVICE_NAME": package},
    )


def _copy_distribution(name: str, target: Path) -> None:
    files = metadata.files(name)
    if not files:
        raise RuntimeError(
            f"{name}: its list of files is missing; reinstall it with: pip install --force-reinstall {name}"
        )
    for file in files:
        if _is_code(file):
            destination = target / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), destination)


def _is_code(file: PurePath) -> bool:
    return file.suffix in {".py", ".typed"} and ".." not in file.parts
