"""AWS clients that fail fast: an alert must not wait for a service that hangs."""

from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.session import get_session

# botocore's own session: what boto3 adds to it is a twentieth of a cold start, and none of it is used here.
_session = get_session()
_clients: dict[tuple[str, str | None], Any] = {}
_lock = Lock()

_FAST = Config(
    connect_timeout=1,
    read_timeout=3,
    max_pool_connections=50,
    retries={"total_max_attempts": 1, "mode": "standard"},
    user_agent_extra="endpointwatch",
)
# Left alone, botocore signs addresses for browsers with version 2 in us-east-1, which S3 refuses for objects under a
# customer's key, and points to the global host. Emulators at an IP address are still addressed by path.
_OF_SERVICE = {
    "s3": _FAST.merge(
        Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
    )
}


def client(service: str, region: str | None = None) -> Any:
    """Make a client, once, with short timeouts (1 s to connect, 3 s to read) and no retries.

    Retrying is the queue's work: a failed record comes back by itself.
    """
    region = region or _home()
    with _lock:  # a session must not make two clients at once
        if (service, region) not in _clients:
            _clients[service, region] = _session.create_client(
                service, region_name=region, config=_OF_SERVICE.get(service, _FAST)
            )
        return _clients[service, region]


def prepare(*services: str) -> None:
    """Make clients ahead, while a function is initialized: Lambda lends that phase more CPU, and no alert waits yet.

    Without a region, which Lambda always sets, there is nothing to prepare.
    """
    if _home():
        for service in services:
            client(service)


def _home() -> str | None:
    region = _session.get_config_variable("region")
    return str(region) if region else None
