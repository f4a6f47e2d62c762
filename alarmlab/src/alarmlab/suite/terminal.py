"""Results for a person at a terminal."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from alarmlab.errors import InputError
from alarmlab.suite.checks import Failure, expected_words
from alarmlab.suite.figure import picture_of
from alarmlab.suite.model import ExpectedState
from alarmlab.suite.picture import ASCII, UNICODE, Glyphs, Mark, draw
from alarmlab.suite.run import Outcome, Result

_LETTERS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.ERROR: "E"}
_RED, _GREEN, _YELLOW, _BOLD = "31", "32", "33", "1"
_COLORS = {Outcome.PASSED: _GREEN, Outcome.FAILED: _RED, Outcome.ERROR: _RED}
_MOST_PICTURES = 3


@dataclass(frozen=True, kw_only=True)
class Style:
    """How results are shown.

    Args:
        color: with ANSI colours.
        glyphs: what pictures are drawn with.
        width: columns of the terminal.
    """

    color: bool = False
    glyphs: Glyphs = UNICODE
    width: int = 80

    @classmethod
    def of(cls, stream: TextIO, *, color: bool = True) -> "Style":
        """What `stream` can show; colours only on a terminal, unless NO_COLOR is set (https://no-color.org)."""
        try:
            "▁█░●▲┤⠿".encode(stream.encoding or "ascii")
            glyphs = UNICODE
        except UnicodeEncodeError:
            glyphs = ASCII
        is_terminal = stream.isatty()
        return cls(
            color=color and is_terminal and not os.environ.get("NO_COLOR"),
            glyphs=glyphs,
            width=min(120, shutil.get_terminal_size().columns) if is_terminal else 80,
        )

    def paint(self, text: str, color: str) -> str:
        """The text in a colour."""
        return f"\x1b[{color}m{text}\x1b[0m" if self.color else text

    def rule(self, title: str, fill: str) -> str:
        """A title in the middle of a line."""
        return f" {title} ".center(self.width, fill)


def explain(result: Result, style: Style) -> list[str]:
    """Why a test failed: its error, or every expectation that was not met with pictures of the alarms."""
    lines: list[str] = []
    if result.error is not None:
        lines.append(style.paint(f"E {result.error}", _RED))
    for failure in result.failures:
        lines.append(style.paint(f"E {failure.expectation.field.where}: {failure}", _RED))
        lines += [f"    {detail}" for detail in failure.details]
    for warning in result.case.warnings if result.case is not None else ():
        lines.append(style.paint(f"W {warning}", _YELLOW))
    lines += _pictures(result, style)
    return lines


def _pictures(result: Result, style: Style) -> Iterator[str]:
    """One picture an alarm, with everything that was not met about it."""
    if result.case is None or result.run is None:
        return
    alarms = list(dict.fromkeys(id for failure in result.failures for id in failure.alarms))
    for id in alarms[:_MOST_PICTURES]:
        marks = [mark for failure in result.failures if id in failure.alarms for mark in _marks(failure, result)]
        yield ""
        yield from draw(picture_of(id, result.case, result.run, marks), style.glyphs)
    if len(alarms) > _MOST_PICTURES:
        yield f"and {len(alarms) - _MOST_PICTURES} more alarms: {', '.join(alarms[_MOST_PICTURES:])}"


def _marks(failure: Failure, result: Result) -> Iterator[Mark]:
    expectation = failure.expectation
    if isinstance(expectation, ExpectedState):
        words = f"expected {expected_words(expectation, result.test.start)}"
        yield Mark(first=expectation.first, last=expectation.last, words=words)


@dataclass
class Progress:
    """A line a file, a letter or a name a test.

    Args:
        stream: where it is written.
        style: how.
        verbosity: 0 for letters, above for names, below for nothing.
    """

    stream: TextIO
    style: Style
    verbosity: int = 0
    _file: str = field(default="", init=False)

    def show(self, result: Result) -> None:
        """One test."""
        color = _COLORS[result.outcome]
        if self.verbosity > 0:
            outcome = self.style.paint(result.outcome.upper(), color)
            self._write(f"{result.suite.shown}::{result.test.name} {outcome} ({result.seconds * 1000:.0f} ms)\n")
        elif self.verbosity == 0:
            if result.suite.shown != self._file:
                self._write(f"\n{result.suite.shown} " if self._file else f"{result.suite.shown} ")
                self._file = result.suite.shown
            self._write(self.style.paint(_LETTERS[result.outcome], color))

    def end(self) -> None:
        """After the last test."""
        if self._file:
            self._write("\n")

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def summary(
    results: Sequence[Result],
    *,
    refused: Mapping[str, InputError],
    files: int,
    broken: int,
    seconds: float,
    style: Style,
    quiet: bool = False,
    strict: bool = False,
) -> list[str]:
    """What is shown after the last test.

    Args:
        results: of all tests.
        refused: alarms that were not evaluated, with the reasons.
        files: how many suites were run.
        broken: how many files could not be read.
        seconds: that all took.
        style: how it is shown.
        quiet: only failures and the last line.
        strict: whether warnings fail.
    """
    bad = [result for result in results if result.outcome is not Outcome.PASSED]
    lines: list[str] = []
    for result in bad:
        lines += ["", style.paint(style.rule(_title(result), "_"), _BOLD), *explain(result, style)]
    if not quiet:
        lines += _warnings([result for result in results if result.outcome is Outcome.PASSED], style)
        lines += _refused(refused, style)
    if bad:
        lines += ["", style.rule("short test summary", "=")]
        lines += [f"{result.outcome.upper()} {_title(result)}: {_first(result)}" for result in bad]
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    words = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
    words += [f"{broken} file{'s' * (broken != 1)} could not be read"] if broken else []
    warned = sum(len(result.case.warnings) for result in results if result.case is not None)
    words += [f"{warned} warning{'s' * (warned != 1)}{' (fails: --strict)' if strict else ''}"] if warned else []
    total = f"{', '.join(words) or 'no tests'} in {files} file{'s' * (files != 1)}, {seconds:.2f} s"
    return [*lines, style.paint(style.rule(total, "="), _RED if bad or broken or (strict and warned) else _GREEN)]


def _title(result: Result) -> str:
    return f"{result.suite.shown}::{result.test.name}"


def _first(result: Result) -> str:
    if result.error is not None:
        return str(result.error)
    return f"line {result.failures[0].expectation.field.line}: {result.failures[0]}"


def _warnings(results: Iterable[Result], style: Style) -> Iterator[str]:
    for result in results:
        for warning in result.case.warnings if result.case is not None else ():
            yield style.paint(f"warning: {warning}", _YELLOW)


def _refused(refused: Mapping[str, InputError], style: Style) -> Iterator[str]:
    if refused:
        count = "1 alarm of the assembly is" if len(refused) == 1 else f"{len(refused)} alarms of the assembly are"
        yield style.paint(f"{count} not evaluated:", _YELLOW)
        yield from (f"  {id}: {error}" for id, error in refused.items())
