"""The command `endpointwatch`: what it says before it talks to AWS, and the keys that it shares with the functions."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_enricher.grouping import group_of as group_of_alert
from alert_enricher.parse.message import parse
from endpointwatch.cli import redrive, routing
from endpointwatch.cli.__main__ import main
from endpointwatch.cli.errors import CommandError
from endpointwatch.cli.state import group_of


def _found(environment: str) -> routing.Found:
    names = routing.Found.__dataclass_fields__
    return routing.Found(**{**dict.fromkeys(names, ""), "stack": f"Alerting-{environment}", "environment": environment})  # type: ignore[arg-type]


def test_a_test_alert_is_found_where_the_enricher_puts_it() -> None:
    """The command and the enricher make the same key of a test's id."""
    message = {
        "endpointwatch": "test",
        "id": "1a2b3c4d",
        "state": "ALARM",
        "at": "2026-11-23T03:00:00+00:00",
        "by": "me",
    }
    envelope = {
        "Type": "Notification",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:critical",
        "Message": json.dumps(message),
    }
    (alert,) = parse(json.dumps(envelope), received=datetime.now(UTC), message_id="m")
    assert group_of("1a2b3c4d") == group_of_alert(alert)


@pytest.mark.parametrize(
    ("environment", "stack", "told"),
    [
        (
            None,
            None,
            "there are 2 routings in eu-west-1; choose one: --stack Alerting-dev (dev), --stack Alerting-prod (prod)",
        ),
        ("qa", None, "--environment: 'qa' has no routing in eu-west-1; there is one for dev, prod"),
    ],
)
def test_what_is_ambiguous_is_asked_for(environment: str | None, stack: str | None, told: str) -> None:
    """More than one routing, or none that is meant: the line says what to add."""
    with pytest.raises(CommandError) as error:
        routing.choose([_found("dev"), _found("prod")], stack=stack, environment=environment, region="eu-west-1")
    assert str(error.value) == told


def test_two_routings_of_a_stack_are_told_apart() -> None:
    """Their outputs lie side by side, in any order: none of one is taken for the other's, and the environment names one."""
    names = ("Environment", "Settings", "StateTable", "AlertsQueue", "AlertsDeadLetters", "Undelivered")
    outputs = [
        {"OutputKey": f"{routing}Endpointwatch{name}0123ABCD", "OutputValue": routing.lower()}
        for name in (*names, "EnricherLogs", "DispatcherLogs")
        for routing in ("Search", "Ranking")
    ]
    found = routing.read_stacks([{"StackName": "Alerting", "Outputs": outputs}])
    assert [(one.environment, one.table, one.settings) for one in found] == [
        ("search", "search", ("search",)),
        ("ranking", "ranking", ("ranking",)),
    ]
    with pytest.raises(CommandError, match="choose one: --environment search, --environment ranking"):
        routing.choose(found, stack="Alerting", environment=None, region="eu-west-1")


def test_the_only_routing_needs_no_name() -> None:
    """One routing in the account: it is meant; of two, the environment names one."""
    dev, prod = _found("dev"), _found("prod")
    assert routing.choose([dev], stack=None, environment=None, region="eu-west-1") is dev
    assert routing.choose([dev, prod], stack=None, environment="prod", region="eu-west-1") is prod


def test_without_boto3_it_says_how_to_get_it() -> None:
    """The SDK is an extra: one line, no traceback."""
    program = "import sys; sys.modules['boto3'] = None; from endpointwatch.cli.__main__ import main; sys.exit(main(['redrive']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "endpointwatch: boto3 is not installed; pip install 'endpointwatch[cli]'\n",
    )


def test_an_unknown_profile_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What botocore raises becomes one line."""
    assert main(["redrive", "--profile", "nobody-has-this", "--region", "eu-west-1"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("endpointwatch: The config profile (nobody-has-this)")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["send-test-alert"], ["send-test-alert", "--severity", "page"], ["redrive", "--stack", "a", "--environment", "b"]],
)
def test_wrong_arguments_exit_with_2(arguments: list[str]) -> None:
    """As every command does."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize("seconds", ["-1", "nan", "a minute", "1e9"])
def test_seconds_that_cannot_be_are_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names the option, the value and what it takes."""
    with pytest.raises(SystemExit):
        main(["send-test-alert", "--severity", "info", f"--timeout={seconds}"])
    assert f"--timeout: {seconds!r} are no seconds; give 0 to 86400" in capsys.readouterr().err


NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def _letter(body: str, *, age: timedelta = timedelta(minutes=5), **attributes: str) -> dict[str, Any]:
    return {
        "Body": body,
        "Attributes": {"SentTimestamp": str(int((NOW - age).timestamp() * 1000))},
        "MessageAttributes": {name: {"StringValue": value} for name, value in attributes.items()},
    }


@pytest.mark.parametrize(
    ("letter", "line"),
    [
        (
            _letter(
                '{"sink": "slack", "kind": "incident", "id": "endpointwatch/ranker/0f"}', reason="HTTP 400: no_text"
            ),
            "incident endpointwatch/ranker/0f, 5 min old: HTTP 400: no_text",
        ),
        (
            _letter('{"Message": "{\\"AlarmName\\": \\"ranker/errors\\"}"}', age=timedelta(hours=3)),
            "ranker/errors, 3 h old: tried too often",
        ),
        (
            _letter('{"detail-type": "AWS Health Event"}', age=timedelta(days=3), ERROR_MESSAGE="AccessDenied"),
            "AWS Health Event, 3 days old: AccessDenied",
        ),
        (_letter("xoxb-secret"), "a message that is no JSON, 5 min old: tried too often"),
        (_letter("[1]"), "a message of an unknown kind, 5 min old: tried too often"),
        (_letter('{"Message": "plain text"}'), "a message that is no JSON, 5 min old: tried too often"),
        (_letter("[" * 100_000), "a message that is no JSON, 5 min old: tried too often"),
        (
            _letter(json.dumps({"sink": "slack", "kind": "incident", "id": "x" * 1000})),
            f"incident {'x' * 111}, 5 min old: tried too often",
        ),
    ],
)
def test_a_dead_letter_is_one_line_without_its_content(letter: dict[str, Any], line: str) -> None:
    """What it tells of, how old it is, why it is dead; never its body, which may hold secrets."""
    assert redrive.describe(letter, now=NOW) == line


@given(
    text=st.text()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["Message", "sink", "kind", "id", "AlarmName"]), inner)
        ),
    ).map(json.dumps)
)
def test_any_dead_letter_can_be_listed(text: str) -> None:
    """Whatever lies there, it is one line, which does nothing to a terminal."""
    line = redrive.describe(_letter(text), now=NOW)
    assert line.endswith(", 5 min old: tried too often")
    assert line.isprintable()
