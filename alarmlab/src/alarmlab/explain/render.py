"""Explained alarms for a person at a terminal, for a wiki, and for machines."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from alarmlab.explain.price import PRICED
from alarmlab.explain.report import Explained, Report
from alarmlab.explain.units import number
from alarmlab.suite.coverage import Coverage

_INDENT = "  "


def as_text(report: Report, width: int = 88) -> str:
    """Paragraphs of at most `width` columns."""
    lines: list[str] = []
    for stack, alarms in groupby(report.explained, key=lambda one: one.alarm.about.stack):
        lines += [stack, "=" * len(stack), ""] if stack else []
        for one in alarms:
            lines += [*_paragraph(one, width), ""]
    lines += [line for text in _summary(report) for line in textwrap.wrap(text, width, subsequent_indent=_INDENT)]
    return "\n".join(lines) + "\n"


def _paragraph(one: Explained, width: int) -> Iterator[str]:
    right = "  ".join(part for part in (one.severity, _dollars(one)) if part)
    yield f"{one.alarm.about.name.ljust(width - len(right) - 1)} {right}"
    for text in _sentences(one):
        yield from textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    for finding in one.findings:
        text = f"! {finding.rule}: {finding.why} Fix: {finding.fix}"
        yield from textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2)


def _sentences(one: Explained) -> Iterator[str]:
    yield one.words.when
    yield one.words.timing
    muted = f" Muted by {', '.join(one.muted_by)}." if one.muted_by else ""
    yield one.words.tells + muted
    if one.coverage is not None:
        yield _tests(one.coverage)


def _tests(coverage: Coverage) -> str:
    lacking = [what for what, found in (("fires", coverage.firing), ("keeps silent", coverage.silent)) if not found]
    proved = f"Tests: {len(coverage.firing)} in which it fires, {len(coverage.silent)} in which it keeps silent."
    return f"{proved} None in which it {' or '.join(lacking)}." if lacking else proved


def _dollars(one: Explained) -> str:
    return f"${one.price.dollars:.2f}" + (" +" if one.price.open else "")


def _summary(report: Report) -> Iterator[str]:
    count = len(report.explained)
    priced = f"${report.dollars:.2f} a month ({PRICED}; the first ten metrics of standard alarms are free)"
    yield f"{number(count)} alarm{'' if count == 1 else 's'}, {priced}."
    for text in dict.fromkeys(one.price.open for one in report.explained if one.price.open):
        names = ", ".join(one.alarm.about.name for one in report.explained if one.price.open == text)
        yield f"+ not counted: {text} ({names})."
    suspicious = sum(bool(one.findings) for one in report.explained)
    if suspicious:
        yield f"{suspicious} to look at, marked with !."
    unproved = [
        one
        for one in report.explained
        if one.coverage is not None and not (one.coverage.firing and one.coverage.silent)
    ]
    if unproved:
        yield f"{len(unproved)} without a test in which it fires and one in which it keeps silent."
    for error in report.refused.values():
        yield f"Not explained: {error}"


def as_markdown(report: Report) -> str:
    """The same for a wiki or a pull request."""
    lines: list[str] = []
    for stack, alarms in groupby(report.explained, key=lambda one: one.alarm.about.stack):
        lines += [f"## {stack}", ""] if stack else []
        for one in alarms:
            lines += [f"### {one.alarm.about.name}", "", *_facts(one), ""]
    lines += [f"- {text}" for text in _summary(report)]
    return "\n".join(lines) + "\n"


def _facts(one: Explained) -> Iterator[str]:
    for text in _sentences(one):
        yield f"- {text}"
    yield f"- {_dollars(one)} a month: {one.price.parts}."
    for finding in one.findings:
        yield f"- **{finding.rule}**: {finding.why} *{finding.fix}*"


def as_json(report: Report) -> str:
    """The same for machines; times are seconds, prices US dollars a month."""
    document = {
        "alarms": [_document(one) for one in report.explained],
        "refused": {id: str(error) for id, error in report.refused.items()},
        "dollars": report.dollars,
        "prices": PRICED,
    }
    return json.dumps(document, indent=2) + "\n"


def _document(one: Explained) -> dict[str, Any]:
    about = one.alarm.about
    return {
        "id": about.id,
        "name": about.name,
        "stack": about.stack,
        "place": one.place,
        "severity": one.severity,
        "when": one.words.when,
        "timing": one.words.timing,
        "tells": one.words.tells,
        "dead_time": asdict(one.dead_time),
        "price": asdict(one.price),
        "findings": [asdict(finding) for finding in one.findings],
        "muted_by": list(one.muted_by),
        "tests": None if one.coverage is None else asdict(one.coverage),
    }
