"""An AWS in memory, behind the functions' own botocore clients: parameters are checked, answers and errors are botocore's."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore.model import OperationModel
from botocore.session import Session, get_session

from alert_common import aws, clock
from tests.cloud.clock import WallClock
from tests.cloud.dynamodb import DynamoDb
from tests.cloud.errors import RefusedError
from tests.cloud.processes import cold_start
from tests.cloud.services import Services, empty
from tests.cloud.sqs import REGION, Sqs

Step = Callable[[str], None]
READ_ONLY = frozenset({"cloudwatch:GetMetricWidgetImage", "sagemaker"})
"""Asked for context, side by side: what only reads is no step at which it would matter to die."""


@dataclass(frozen=True)
class _Head:
    """All that botocore looks at of an HTTP response whose body is parsed already."""

    status_code: int


class Cloud:
    """One account: a table, queues, and what else the functions call; a service without an answer answers that it is empty.

    Args:
        at: the clock that the functions and the queues go by.
        step: called with what happens, before and after each call takes effect; what it raises, the function meets there.
    """

    def __init__(self, at: WallClock, step: Step = lambda _: None) -> None:
        self.clock = at
        self.table = DynamoDb()
        self.sqs = Sqs(at)
        self.services = Services()
        self.calls: list[str] = []
        """Every call, as `service:Operation`."""
        self._step = step
        self._answers = {
            **self.services.operations(),
            ("dynamodb", "GetItem"): self.table.get_item,
            ("dynamodb", "BatchGetItem"): self.table.batch_get_item,
            ("dynamodb", "PutItem"): self.table.put_item,
            ("dynamodb", "UpdateItem"): self.table.update_item,
            ("sqs", "GetQueueUrl"): self.sqs.get_queue_url,
            ("sqs", "SendMessage"): self.sqs.send_message,
            ("sqs", "SendMessageBatch"): self.sqs.send_message_batch,
            ("sqs", "ChangeMessageVisibility"): self.sqs.change_message_visibility,
            ("sqs", "ChangeMessageVisibilityBatch"): self.sqs.change_message_visibility_batch,
        }

    @contextmanager
    def installed(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Let the functions of this process run in it, in the block; they start cold, and leave nothing behind."""
        variables = {
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "test",
            **environment,
        }
        with (
            patch.dict(os.environ, variables),
            patch.object(clock, "_read", self.clock.now),
            patch.object(aws, "_session", _session()),
            patch.object(aws, "_clients", _clients),
            patch.dict(_installed, {"cloud": self}),
        ):
            cold_start()
            try:
                yield
            finally:
                cold_start()

    def answer(self, **happened: Any) -> tuple[_Head, Any]:
        """Answer a call that botocore would send now."""
        model: OperationModel = happened["model"]
        service, operation = model.service_model.service_name, model.name
        what = f"{service}:{operation}"
        self.calls.append(what)
        answer = self._answers.get((service, operation))
        is_step = answer is not None and not {service, what} & READ_ONLY
        if is_step:
            self._step(f"before {what}")
        try:
            found = answer(happened["context"]["request"]) if answer else empty(model)
        except RefusedError as error:
            told = {"Error": {"Code": error.code, "Message": error.message}}
            return _Head(error.status), {**told, "ResponseMetadata": {"HTTPStatusCode": error.status}}
        if is_step:
            self._step(f"after {what}")
        return _Head(200), {**found, "ResponseMetadata": {"HTTPStatusCode": 200}}


_installed: dict[str, Cloud] = {}
_clients: dict[tuple[str, str | None], Any] = {}
"""Made once: a client takes longer than all that it is called for in a test."""


@cache
def _session() -> Session:
    """Return a session whose clients ask the cloud that is installed."""

    def built(**happened: Any) -> None:
        happened["context"]["request"] = happened["params"]

    def called(**happened: Any) -> Any:
        return _installed["cloud"].answer(**happened)

    session = get_session()
    session.register("before-parameter-build.*.*", built)
    session.register("before-call.*.*", called)
    return session
