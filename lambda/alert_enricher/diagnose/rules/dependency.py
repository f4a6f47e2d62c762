"""Something that the model calls does not answer, or asks for less: two rules over what the log says."""

import re
from collections.abc import Callable

from alert_common.context import Diagnosis, LogLine
from alert_enricher.diagnose import thresholds as at
from alert_enricher.diagnose.facts import ERRORS, P99, Facts
from alert_enricher.diagnose.words import Phrases, quote

_THROTTLED = Phrases(
    "ThrottlingException",
    "ThrottledException",
    "(Throttling)",
    "Rate exceeded",
    "TooManyRequests",
    "Too Many Requests",
    "(SlowDown)",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
)
_UNREACHABLE = Phrases(
    "Connection refused",
    "ConnectionRefusedError",
    "Connection timed out",
    "ConnectTimeout",
    "Max retries exceeded",
    "EndpointConnectionError",
    "Could not connect to the endpoint URL",
    "Name or service not known",
    "Temporary failure in name resolution",
    "NameResolutionError",
    "Read timed out",
    "ReadTimeoutError",
    "No route to host",
)
_HOST = re.compile(r"host='([\w.-]{1,100})'|https?://([\w.-]{1,100})")


def throttling(facts: Facts) -> Diagnosis | None:
    """Match errors of which most lines tell of throttling by a service that the model calls."""
    found = _most(facts, _THROTTLED.are_in)
    if found is None:
        return None
    line, evidence = found
    return Diagnosis(
        rule="throttling",
        cause=f"A service that {facts.what} calls{_host(line)} throttles it.",
        evidence=evidence,
        first="See which calls grew, cache or spread them, and ask for a higher quota.",
    )


def dependency(facts: Facts) -> Diagnosis | None:
    """Match errors of which most lines tell of a service that the model cannot reach."""
    found = _most(facts, _UNREACHABLE.are_in)
    if found is None:
        return None
    line, evidence = found
    return Diagnosis(
        rule="dependency",
        cause=f"{facts.what} cannot reach a service that it calls{_host(line)}.",
        evidence=evidence,
        first="See whether that service is up, and whether the endpoint's subnets and security groups still lead to it.",
    )


def _most(facts: Facts, matches: Callable[[str], bool]) -> tuple[LogLine, tuple[str, ...]] | None:
    if not (facts.errors_rose or facts.latency_rose):
        return None
    lines, count = facts.lines(matches)
    if count < at.EVIDENCE_LINES or count < at.EVIDENCE_SHARE * facts.line_count:
        return None
    hurt = ERRORS if facts.errors_rose else P99
    said = f"{count} of {facts.line_count} log lines: {quote(lines[-1].text)}"
    return lines[-1], (facts.told(hurt), said)


def _host(line: LogLine) -> str:
    found = _HOST.search(line.text)
    return f" ({found[1] or found[2]})" if found else ""
