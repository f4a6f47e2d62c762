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

# One worker each: what follows transitions keeps their order, never delays the next evaluation, and a slow target of a
# rule on the bus never delays a page.
_actions = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alarm-actions")
_events = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alarm-events")


def carry_out(transition: Transition, actions: Sequence[str]) -> None:
    """Run `actions` and announce the transition on the default event bus, in the background and in order.

    What a mute rule has held back was announced when it happened.
    """
    for action in actions:
        _actions.submit(_run, transition, action)
    if not transition.after_mute:
        _events.submit(_publish_event, transition)


def is_emulated(action: str) -> bool:
    """Whether an action of this ARN is carried out."""
    return _service(action) in ("sns", "lambda")


def _service(action: str) -> str:
    parts = action.split(":")
    return parts[2] if len(parts) > 2 else ""


def _run(transition: Transition, action: str) -> None:
    name = transition.alarm["AlarmName"]
    try:
        with request_scope(transition.account, transition.region):
            match _service(action):
                case "sns":
                    sns._fanout(action, str(uuid4()), sns_message(transition), subject(transition))
                case "lambda":
                    _invoke(transition, action)
                case other:
                    _log.warning("alarm %r: actions of %r are not emulated", name, other or action)
    except Exception:
        _log.exception("alarm %r: action %s failed", name, action)


def _invoke(transition: Transition, arn: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        _log.warning("alarm %r: function %s does not exist", transition.alarm["AlarmName"], name)
        return
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, lambda_payload(transition))


def _publish_event(transition: Transition) -> None:
    # Not through PutEvents: that stamps the time at which it is called.
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
    try:
        with request_scope(transition.account, transition.region):
            eventbridge._dispatch_event(event)
    except Exception:
        _log.exception("alarm %r: its event did not reach the bus", transition.alarm["AlarmName"])
