"""Reading from a cluster's Kubernetes API with this function's own role: no more than urllib3 and JSON.

The role needs an access entry of the cluster with `AmazonEKSViewPolicy` for pods, and a cluster role that may get and list nodes;
and the API server must be reachable: a public endpoint, or the function in the cluster's VPC.
"""

import base64
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any

import urllib3

from alert_enricher.enrich.finding import AnswerError

CONNECT_SECONDS, READ_SECONDS = 1.0, 2.5
TOKEN_SECONDS = 60
"""How long a token holds; every alert makes its own."""
CLUSTER_HEADER = "x-k8s-aws-id"
"""The header by which a cluster knows that a token is meant for it."""
_PARAMETER = "ClusterName"
_WORDS = {401: "access denied", 403: "access denied", 404: "not found", 429: "throttled"}


def token(cluster: str, sts: Any) -> str:
    """Make a token as `aws eks get-token` does: a signed address of STS that tells the cluster who asks.

    Args:
        cluster: its name.
        sts: a client of the cluster's region.
    """
    events, of = sts.meta.events, "sts.GetCallerIdentity"
    events.register(f"provide-client-params.{of}", _take_cluster, unique_id="endpointwatch-cluster")
    events.register(f"before-sign.{of}", _put_header, unique_id="endpointwatch-header")
    address = sts.generate_presigned_url(
        "get_caller_identity", Params={_PARAMETER: cluster}, ExpiresIn=TOKEN_SECONDS, HttpMethod="GET"
    )
    return "k8s-aws-v1." + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


class Api:
    """The API server of one cluster."""

    def __init__(self, described: Mapping[str, Any], token: str, *, until: float) -> None:
        """Trust the cluster's own certificate authority, and nobody else.

        Args:
            described: the cluster, as EKS describes it.
            token: who asks.
            until: when (`time.monotonic`) nobody waits any longer.
        """
        authority = base64.b64decode(described["certificateAuthority"]["data"]).decode()
        trust = ssl.create_default_context(cadata=authority)
        # Default since Python 3.13, it asks for a key identifier that EKS's own authorities do not have, and need not have.
        trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._http = urllib3.PoolManager(
            ssl_context=trust,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            retries=False,
        )
        self._address = described["endpoint"]
        self._until = until

    def get(self, path: str, **query: str) -> Mapping[str, Any]:
        """Read one object or list.

        Raises:
            AnswerError: the server could not be reached, is not who it should be, or refuses.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise AnswerError("timed out")
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left))
        try:
            answer = self._http.request("GET", self._address + path, fields=query, timeout=timeout, redirect=False)
            if answer.status != 200:
                raise AnswerError(_WORDS.get(answer.status, f"HTTP {answer.status}"))
            read = json.loads(answer.data)
        except urllib3.exceptions.SSLError as error:
            raise AnswerError("certificate not trusted") from error
        except urllib3.exceptions.NewConnectionError as error:  # also a kind of time-out, by its base
            raise AnswerError("API server unreachable") from error
        except urllib3.exceptions.TimeoutError as error:
            raise AnswerError("API server timed out") from error
        except urllib3.exceptions.HTTPError as error:
            raise AnswerError("API server unreachable") from error
        except ValueError as error:
            raise AnswerError("no JSON") from error
        if not isinstance(read, dict):
            raise AnswerError("no object")
        return read

    def items(self, path: str, **query: str) -> Sequence[Mapping[str, Any]]:
        """Read the objects of a list.

        Raises:
            AnswerError: as `get`.
        """
        found = self.get(path, **query).get("items")
        return found if isinstance(found, list) else []


def _take_cluster(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _PARAMETER in params:
        context[CLUSTER_HEADER] = params.pop(_PARAMETER)


def _put_header(request: Any, **_: Any) -> None:
    if CLUSTER_HEADER in request.context:
        request.headers[CLUSTER_HEADER] = request.context[CLUSTER_HEADER]
