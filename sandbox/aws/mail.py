"""E-mail subscriptions of SNS topics, delivered to the inbox."""

import inspect
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3
from ministack.services import sns

_log = logging.getLogger("sandbox.aws.mail")
_SECONDS = 10


def install(inbox_url: str) -> None:
    """Post what ministack would only log to `INBOX/email`, as `{"to", "subject", "body", "topic"}`."""
    pool = urllib3.PoolManager(retries=urllib3.Retry(3, backoff_factor=0.2, allowed_methods=None))
    sender = ThreadPoolExecutor(2, thread_name_prefix="mail")
    fan_out = sns._fanout
    parameters = inspect.signature(fan_out)

    def post(mail: dict[str, str]) -> None:
        try:
            status = pool.request("POST", f"{inbox_url}/email", json=mail, timeout=_SECONDS).status
        except urllib3.exceptions.HTTPError as error:
            _log.error("e-mail to %s not delivered: %s", mail["to"], error)
            return
        if status >= 300:
            _log.error("e-mail to %s not delivered: the inbox answered %s", mail["to"], status)

    def fan_out_with_mail(*positional: Any, **named: Any) -> None:
        fan_out(*positional, **named)
        call = parameters.bind(*positional, **named)
        call.apply_defaults()
        for mail in _mails(**call.arguments):
            sender.submit(post, mail)

    sns._fanout = fan_out_with_mail


def _mails(
    *,
    topic_arn: str,
    msg_id: str,
    message: str,
    subject: str,
    message_structure: str,
    message_attributes: dict[str, Any] | None,
    **_fifo: str,
) -> Iterator[dict[str, str]]:
    attributes = message_attributes or {}
    topic = sns._topic_by_arn_any_scope(topic_arn) or {}
    for subscription in topic.get("subscriptions", ()):
        protocol = subscription["protocol"]
        if protocol not in {"email", "email-json"}:
            continue
        body = sns._resolve_message_for_protocol(message, message_structure, protocol)
        if not sns._matches_filter_policy(subscription, attributes, body):
            continue
        if protocol == "email-json":
            body = sns._build_envelope(topic_arn, msg_id, body, subject, attributes, raw=False)
        yield {
            "to": subscription["endpoint"],
            "subject": subject or "AWS Notification Message",
            "body": body,
            "topic": topic_arn,
        }
