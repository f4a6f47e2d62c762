"""Environment variables that point at the embedded AWS, and keep everything else out."""

from collections.abc import Mapping
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "us-east-1"


def client_environment(endpoint_url: str) -> dict[str, str]:
    """What an AWS SDK needs to talk to the embedded AWS, and to nothing else: no profile, no metadata service, no proxy."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def server_environment(port: int, directory: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the process that serves, and of the functions and models that it starts.

    Settings are read when ministack is imported. Docker is out of its reach: it would remove containers it finds.

    Args:
        port: where it serves.
        directory: for all files that are written; the caller removes it.
        inherited: the present environment; AWS settings in it are left out.
    """
    ours = ("AWS_", "MINISTACK_", "LAMBDA_", "LOCALSTACK_")
    return {
        **{name: value for name, value in inherited.items() if not name.startswith(ours)},
        **client_environment(f"http://127.0.0.1:{port}"),
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        "AUTH": "false",
        "USE_SSL": "0",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(directory / "state"),  # keys are written there even so
        "S3_PERSIST": "0",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{directory / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
        "PYTHONUTF8": "1",  # functions and models write UTF-8, whatever the terminal's locale
        "TMPDIR": str(directory),
    }


def cdk_environment(endpoint_url: str) -> dict[str, str]:
    """What `cdk bootstrap` and `cdk deploy` need beside the inherited environment.

    The CLI hands CloudFormation the address of a template in S3, and builds it from the S3 endpoint that
    `AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION` names: CloudFormation takes amazonaws.com addresses.
    """
    return {
        **client_environment(endpoint_url),
        "AWS_ENDPOINT_URL_S3": endpoint_url,
        "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": f"https://s3.{REGION}.amazonaws.com",
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
    }
