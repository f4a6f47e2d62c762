"""`python -m sandbox.inbox`: serves the inbox until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from h11 import LocalProtocolError
from hypercorn.asyncio import serve
from hypercorn.config import Config

from sandbox.inbox.app import create_app
from sandbox.inbox.contracts.webhook import SECRET, key_of
from sandbox.inbox.inbox import Inbox
from sandbox.inbox.limits import Limits
from sandbox.parent import end_with_parent
from sandbox.ports import port_number

HOST = "127.0.0.1"
_HELP = """\
Stands in for PagerDuty, Slack and SNS e-mail on this machine, checks what it gets as they would, and shows it.
Nothing leaves the machine: it listens on 127.0.0.1 only. It keeps everything in memory and forgets it at the end.
"""
_EXAMPLES = """\
while it runs (here with --port 8025):
  http://127.0.0.1:8025/                                  the page to read
  curl 127.0.0.1:8025/api/events                          every request received, with why it was refused
  curl 127.0.0.1:8025/api/incidents                       PagerDuty incidents, open and resolved
  curl 127.0.0.1:8025/api/messages                        Slack messages with replies, edits and files
  curl -X DELETE 127.0.0.1:8025/api/events                forget them
  curl 127.0.0.1:8025/api/faults -d '{"sink": "slack", "status": 429, "retry_after": 30, "count": 10}'
  curl 127.0.0.1:8025/api/faults -d '{"sink": "pagerduty", "delay_seconds": 20, "count": 3}'
  curl 127.0.0.1:8025/api/faults -d '{"sink": "slack", "ok_false": "invalid_auth"}'
  curl 127.0.0.1:8025/api/faults -d '{"sink": "pagerduty", "drop": true}'
  curl 127.0.0.1:8025/api/faults -d '{"sink": "pagerduty", "accept_then": 500}'
  curl 127.0.0.1:8025/api/faults -d '{"sink": "slack", "random": {"429": 0.1, "hang": 0.02}, "count": 1000, "seed": 1}'
  curl 127.0.0.1:8025/api/limits -d '{"enforce": true}'   429 for more than 1 message a second a channel, 120 a minute a key

point senders at:
  PagerDuty   http://127.0.0.1:8025/pagerduty             instead of https://events.pagerduty.com
  Slack       http://127.0.0.1:8025/slack/api             instead of https://slack.com/api
  webhook     http://127.0.0.1:8025/slack/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX
  signed      http://127.0.0.1:8025/webhook/ANYTHING      Standard Webhooks, signed with --webhook-secret
  e-mail      POST http://127.0.0.1:8025/email {"to", "subject", "body", "topic"}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server; returns the exit code: 0 after SIGTERM or Ctrl-C, 2 when it cannot listen."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.inbox",
        description=_HELP,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port_number, required=True, help="port on 127.0.0.1 to listen on, 1 to 65535")
    parser.add_argument(
        "--channel",
        type=_channel,
        action="append",
        default=[],
        metavar="ID=NAME",
        help="name to show for a Slack channel, such as C0123456789=ml-alerts; may be repeated",
    )
    parser.add_argument(
        "--webhook-secret",
        type=_secret,
        default=SECRET,
        metavar="whsec_BASE64",
        help="what webhooks are signed with (default: %(default)s)",
    )
    parser.add_argument("--enforce-limits", action="store_true", help="answer 429 to whoever exceeds a service's limit")
    options = parser.parse_args(arguments)
    try:
        listener = _listen(options.port)
    except OSError as error:
        print(
            f"--port {options.port}: cannot listen on {HOST}:{options.port} ({error.strerror}); choose a free port",
            file=sys.stderr,
        )
        return 2
    end_with_parent()
    inbox = Inbox(
        channel_names=dict(options.channel),
        webhook_secret=options.webhook_secret,
        limits=Limits(enforced=options.enforce_limits),
    )
    asyncio.run(_serve(inbox, listener))
    return 0


def _channel(text: str) -> tuple[str, str]:
    channel, equals, name = text.partition("=")
    if not (channel and equals and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=NAME, such as C0123456789=ml-alerts")
    return channel, name.lstrip("#")


def _secret(text: str) -> str:
    try:
        key_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _listen(port: int) -> socket.socket:
    """A socket that listens, bound here so that a taken port is told in one line and not by the server's traceback."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


async def _serve(inbox: Inbox, listener: socket.socket) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_report)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 1
    config.loglevel = "ERROR"
    logging.getLogger("hypercorn.error").addFilter(_is_no_dropped_connection)
    await serve(create_app(inbox), config, shutdown_trigger=stop.wait)


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Reports what goes wrong in the event loop; a connection that is cut at the end, by whoever ended it, is no error."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _is_no_dropped_connection(record: logging.LogRecord) -> bool:
    """Keeps the traceback of a connection that was dropped on purpose out of the log; every other error stays."""
    return not (record.exc_info and isinstance(record.exc_info[1], LocalProtocolError))


if __name__ == "__main__":
    sys.exit(main())
