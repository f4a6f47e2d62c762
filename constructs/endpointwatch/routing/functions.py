"""Packs the alert functions without Docker and without network.

What a function needs beside the standard library and the AWS SDK (which the Lambda runtime has) are a few pure-Python
distributions. They are pinned dependencies of endpointwatch, and are copied from the environment that synthesizes, so that a
checkout and an installed wheel give the same asset.
"""

import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path, PurePath

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from constructs import Construct

TIMEOUT = 30
"""Seconds that a function may run; less than a lease in the table of states (60, alert_common/store.py)."""

VENDORED = ("aws-lambda-powertools", "typing-extensions")
"""Distributions that are copied into every function (jmespath, which Powertools needs too, comes with the AWS SDK)."""

ZONES = "tzdata"
"""Distribution of the IANA time zones, copied where a route has hours: Lambda documents no time zones in its Python runtimes, and
the Amazon Linux 2023 under them has been without (github.com/aws/aws-lambda-dotnet/issues/1620)."""

CUSTOM_SINKS = "custom_sinks"
"""Package of the dispatcher in which modules of other people's sinks lie."""

_PACKAGE = Path(__file__).resolve().parents[1]
# Kept for the life of the process, so that an app with many routings packs once; removed at exit.
_staging = tempfile.TemporaryDirectory(prefix="endpointwatch-")


def source_root() -> Path:
    """Where the functions' source lies: inside the wheel, or beside `constructs/` in a checkout."""
    installed = _PACKAGE / "_lambda"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "lambda"


@cache
def packed(package: str, *, vendored: tuple[str, ...] = VENDORED, modules: tuple[Path, ...] = ()) -> Path:
    """A folder with everything that one function runs: its package, what functions share, and what they need.

    Args:
        package: such as `alert_enricher`, a folder of `lambda/`.
        vendored: distributions that are copied.
        modules: files or packages that become modules of `custom_sinks`.

    Raises:
        ValueError: two of the modules have one name.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{package}-", dir=_staging.name))
    for name in (package, "alert_common"):
        _copy_folder(source_root() / name, folder / name)
    for distribution in vendored:
        _copy_distribution(distribution, folder)
    names = [module.stem for module in modules]
    for module in modules:
        if names.count(module.stem) > 1:
            raise ValueError(f"code: two files are named {module.stem!r}; rename one, since their modules lie together")
        target = folder / CUSTOM_SINKS / module.name
        target.parent.mkdir(exist_ok=True)
        if module.is_dir():
            _copy_folder(module, target)
        else:
            shutil.copyfile(module, target)
    return folder


def alert_function(
    scope: Construct,
    id: str,
    *,
    package: str,
    log_retention: logs.RetentionDays,
    vendored: Sequence[str] = VENDORED,
    modules: Sequence[Path] = (),
) -> lambda_.Function:
    """One of the functions, with a role and a log group of its own; see `packed` for `vendored` and `modules`."""
    log_group = logs.LogGroup(scope, f"{id}Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
    role = iam.Role(scope, f"{id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return lambda_.Function(
        scope,
        id,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"{package}.handler.handler",
        code=lambda_.Code.from_asset(str(packed(package, vendored=tuple(vendored), modules=tuple(modules)))),
        role=role,
        memory_size=1024,
        timeout=Duration.seconds(TIMEOUT),
        log_group=log_group,
        logging_format=lambda_.LoggingFormat.JSON,
        environment={"POWERTOOLS_SERVICE_NAME": package},
    )


def _copy_folder(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def _copy_distribution(name: str, target: Path) -> None:
    try:
        files = metadata.files(name)
    except metadata.PackageNotFoundError:
        raise RuntimeError(f"{name}: is not installed; install it with: pip install {name}") from None
    if not files:
        raise RuntimeError(
            f"{name}: its list of files is missing; reinstall it with: pip install --force-reinstall {name}"
        )
    for file in files:
        if _is_needed(file):
            destination = target / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), destination)


def _is_needed(file: PurePath) -> bool:
    # Time zones are files without a suffix, and all that a distribution says about itself lies in *.dist-info.
    is_about = any(part.endswith(".dist-info") for part in file.parts)
    is_zone = file.suffix == "" and "zoneinfo" in file.parts
    return (file.suffix in {".py", ".typed"} or is_zone) and not is_about and ".." not in file.parts
