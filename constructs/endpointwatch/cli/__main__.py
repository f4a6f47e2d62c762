"""The command line of `endpointwatch`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import Any

from endpointwatch.cli import redrive, routing, send_test
from endpointwatch.cli.errors import CommandError, said_clearly
from endpointwatch.severity import Severity

_INTERRUPTED = 130

_SEND = """\
Sends an alert the whole way that a real one takes: topic, queue, enricher, the queue of each sink, dispatcher. Says which
sink took it after how many seconds, ends it, and says when every sink took the end. PagerDuty really pages: tell who is on call.

exit status: 0 when every sink of the route took the alert and its end, 1 when not, having said what to look at;
130 after Ctrl-C, which sends the end first.

examples:
  endpointwatch send-test-alert --severity critical
  endpointwatch send-test-alert --severity warning --environment prod --region eu-west-1 --profile ops
"""

_REDRIVE = """\
Alerts that could not be handled, and deliveries that a sink refused, lie in dead-letter queues for 14 days. This lists them
with their reasons and, after you have fixed what made them fail, puts them back onto their queues. A sink is told where an
incident stands now, so old letters wake nobody for what is over.

examples:
  endpointwatch redrive --dry-run          list only
  endpointwatch redrive --sink slack       what Slack refused
  endpointwatch redrive --sink alerts      what never got to a sink
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; what is wrong is one line on stderr and exit status 1 (2 for wrong arguments)."""
    options = _parser().parse_args(arguments)
    # Whoever ends the command otherwise than by Ctrl-C, or closes its terminal, gets the same tidy end.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, signal.default_int_handler)
    try:
        session = _session(options)
        with said_clearly():
            found = routing.find(session, stack=options.stack, environment=options.environment)
            return int(options.run(session, found, options))
    except CommandError as error:
        print(f"endpointwatch: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("endpointwatch: interrupted; what was begun has been ended", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="endpointwatch",
        description="Looks after a deployed endpointwatch: tries the way of an alert, puts dead letters back.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    which = where.add_mutually_exclusive_group()
    which.add_argument(
        "--stack", type=_named, metavar="NAME", help="the stack that has the routing; found when there is only one"
    )
    which.add_argument(
        "--environment", type=_named, metavar="NAME", help="or the environment that it routes for, such as prod"
    )
    where.add_argument("--region", help="AWS region; the profile's when left out")
    where.add_argument("--profile", help="AWS profile; the environment's credentials when left out")

    send = commands.add_parser(
        "send-test-alert",
        parents=[where],
        help="send an alert the whole way, say who took it, and end it",
        description=_SEND,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    send.add_argument(
        "--severity", choices=[str(severity) for severity in Severity], required=True, help="which route to try"
    )
    send.add_argument(
        "--resolve-after", type=_seconds, default=30.0, metavar="SECONDS", help="when to end it (default: 30)"
    )
    send.add_argument(
        "--timeout", type=_seconds, default=120.0, metavar="SECONDS", help="how long to wait for a sink (default: 120)"
    )
    send.set_defaults(run=_send)

    back = commands.add_parser(
        "redrive",
        parents=[where],
        help="list dead letters and put them back",
        description=_REDRIVE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    back.add_argument("--sink", type=_named, metavar="NAME", help="only those of this sink, or `alerts`")
    back.add_argument("--dry-run", action="store_true", help="list them and leave them where they are")
    back.set_defaults(run=_redrive)
    return parser


def _named(text: str) -> str:
    if not text.strip():  # a variable of the shell that is not set
        raise argparse.ArgumentTypeError("is empty; give a name, or leave the option out")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} are no seconds; give 0 to 86400")
    return seconds


def _session(options: argparse.Namespace) -> Any:
    try:
        import boto3  # noqa: PLC0415 - only this command needs it
    except ModuleNotFoundError:
        raise CommandError("boto3 is not installed; pip install 'endpointwatch[cli]'") from None
    with said_clearly():
        session = boto3.Session(region_name=options.region, profile_name=options.profile)
    if session.region_name is None:
        raise CommandError("--region: is not known; give it, or set AWS_DEFAULT_REGION")
    return session


def _send(session: Any, found: routing.Routing, options: argparse.Namespace) -> int:
    alert = send_test.TestAlert(
        session=session, routing=found, severity=options.severity, timeout=options.timeout, say=_say
    )
    return alert.run(resolve_after=options.resolve_after)


def _redrive(session: Any, found: routing.Routing, options: argparse.Namespace) -> int:
    ways = redrive.ways(found, sink=options.sink)
    if not ways:
        names = ", ".join([redrive.ALERTS, *found.sinks])
        raise CommandError(f"--sink: {options.sink!r} is not known; choose one of {names}")
    count = redrive.redrive(session.client("sqs"), ways, dry_run=options.dry_run, say=_say)
    _say(f"{count} dead letters" + ("" if options.dry_run else " put back"))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
