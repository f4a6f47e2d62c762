"""A file of tests, read: everything in it that can be judged without the alarms."""

from collections.abc import Mapping
from pathlib import Path

from alarmlab.errors import InputError
from alarmlab.model.states import State
from alarmlab.suite.document import Field, load
from alarmlab.suite.expectations import read_expectation
from alarmlab.suite.model import Suite, Test
from alarmlab.suite.series import read_series
from alarmlab.times import moment_of

DEFAULT_START = 1_767_571_200
"""2026-01-05T00:00:00Z, a Monday: the calendar functions and weekly periods of every run see the same day."""

_SUITE_FIELDS = ("assembly", "parameters", "alarms", "evaluation_range", "tests")
_TEST_FIELDS = ("name", "start", "initial_state", "series", "expect")


def read_suite(path: Path, *, shown: str = "") -> Suite:
    """The suite in a file.

    Args:
        path: of the file.
        shown: how errors and results name it; empty for its path.

    Raises:
        SuiteError: `file:line: field: value: fix`.
    """
    document = load(path, shown)
    parts = document.fields(_SUITE_FIELDS, required=["tests"])
    places = {}
    if "alarms" in parts and not parts["alarms"].is_null:
        places = parts["alarms"].fields()
    tests = parts["tests"].items()
    if not tests:
        raise parts["tests"].wrong("there is no test")
    return Suite(
        file=path,
        shown=document.file,
        assembly=parts.get("assembly"),
        parameters=read_parameters(parts.get("parameters")),
        alarms={id: _read_resource(field) for id, field in places.items()},
        places=places,
        evaluation_range=_read_range(parts.get("evaluation_range")),
        tests=tuple(_read_test(field, number) for number, field in enumerate(tests, 1)),
    )


def read_parameters(field: Field | None) -> Mapping[str, str]:
    """Values of a template's parameters, by name."""
    return {} if field is None else {name: value.text() for name, value in field.fields().items()}


def _read_range(field: Field | None) -> int | None:
    return None if field is None else field.integer(least=1, most=100_000)


def _read_resource(field: Field) -> dict[str, object]:
    field.fields(required=["Type"])
    data: dict[str, object] = field.data()
    return data


def _read_test(field: Field, number: int) -> Test:
    parts = field.fields(_TEST_FIELDS, required=["expect"])
    start = _read_start(parts.get("start"))
    expected = parts["expect"].items()
    if not expected:
        raise parts["expect"].wrong("nothing is expected, so the test could not fail: say what should happen")
    series = parts["series"].items() if "series" in parts and not parts["series"].is_null else []
    initial = parts["initial_state"].choice(list(State)) if "initial_state" in parts else State.INSUFFICIENT_DATA
    return Test(
        field=field,
        name=parts["name"].text() if "name" in parts else f"test {number}",
        start=start,
        initial=State(initial),
        series=tuple(one for item in series for one in read_series(item, start=start)),
        expectations=tuple(read_expectation(item, start=start) for item in expected),
    )


def _read_start(field: Field | None) -> int:
    if field is None:
        return DEFAULT_START
    try:
        start = moment_of(field.text())
    except InputError as error:
        raise field.wrong(error) from error
    if start % 60:
        raise field.wrong("alarms are evaluated on the minute, so a test starts on one: write the time without seconds")
    return start
