"""AWS clients that fail fast: an alert must not wait for a service that hangs."""

from threading import Lock
from typing import Any

_clients: dict[tuple[str, str | None], Any] = {}
_lock = Lock()


def client(service: str, region: str | None = None) -> Any:
    """Make a boto3 client with short timeouts (1 s to connect, 3 s to read) and no retries.

    Retrying is the queue's work: a failed record comes back by itself. boto3 is imported here, at first use, because
    it is most of a cold start.
    """
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    with _lock:  # boto3's default session must not make two clients at once
        if (service, region) not in _clients:
            config = Config(
                connect_timeout=1,
                read_timeout=3,
                retries={"total_max_attempts": 1, "mode": "standard"},
                user_agent_extra="endpointwatch",
            )
            _clients[service, region] = boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]
        return _clients[service, region]
