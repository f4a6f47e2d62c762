"""Carries out what alarms do when they change state: SNS topics, Lambda functions, the event bus."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc, sns

from sandbox.aws.cloudwatch.notifications import Transition, detail, lambda_payload, sns_message, subject

_log = logging.getLogger(__name__)

# One worker: what follows a transition happens in the order of the transitions, and never delays the next evaluation.
_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alarm-actions")


def carry_out(transition: Transition, actions: Sequence[str]) -> None:
    """Announce the transition on the default event bus and run `actions`, in the background and in order."""
    _worker.submit(_carry_out, transition, tuple(actions))


def is_emulated(action: str) -> bool:
    """Whether an action of this ARN is carried out."""
    return _service(action) in ("sns", "lambda")


def _service(action: str) -> str:
    parts = action.split(":")
    return parts[2] if len(parts) > 2 else ""


def _carry_out(transition: Transition, actions: Sequence[str]) -> None:
    name = transition.alarm["AlarmName"]
    with request_scope(transition.account, transition.region):
        try:
            _publish_event(transition)
        except Exception:
            _log.exception("alarm %r: its event did not reach the bus", name)
        for action in actions:
            try:
                _run(transition, action)
            except Exception:
                _log.exception("alarm %r: action %s failed", name, action)


def _run(transition: Transition, action: str) -> None:
    match _service(action):
        case "sns":
            sns._fanout(action, str(uuid4()), sns_message(transition), subject(transition))
        case "lambda":
            function, config, name = lambda_svc._get_func_record_for_ref(action)
            if not function or not config:
                _log.warning("alarm %r: function %s does not exist", transition.alarm["AlarmName"], name)
                return
            record = lambda_svc._execution_record_for_config(function, config)
            lambda_svc.invoke_async_with_retry(record, lambda_payload(transition))
        case other:
            _log.warning("alarm %r: actions of %r are not emulated", transition.alarm["AlarmName"], other or action)


def _publish_event(transition: Transition) -> None:
    # Not through PutEvents: that stamps the wall clock.
    event = {
        "EventId": str(uuid4()),
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail(transition)),
        "EventBusName": "default",
        "Time": int(transition.at),
        "Resources": [transition.alarm["AlarmArn"]],
        "Account": transition.account,
        "Region": transition.region,
    }
    eventbridge._dispatch_event(event)
