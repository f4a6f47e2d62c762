"""What a test expects, as it is written."""

from alarmlab.errors import InputError
from alarmlab.model.states import State
from alarmlab.suite.document import Field
from alarmlab.suite.model import Expectation, ExpectedCount, ExpectedState
from alarmlab.times import seconds_of

_KINDS = "{at, alarm, state}, {within, of, alarm, state}, {pages} or {incidents}"
_FIELDS = {
    "at": ("at", "alarm", "state"),
    "within": ("within", "of", "alarm", "state"),
    "pages": ("pages", "severity", "alarm", "from", "to"),
    "incidents": ("incidents", "severity", "from", "to"),
}


def read_expectation(field: Field, *, start: int) -> Expectation:
    """One item of `expect`.

    Raises:
        SuiteError: names the place, the value and the fix.
    """
    kinds = [kind for kind in _FIELDS if kind in field.fields()]
    if len(kinds) != 1:
        # Without a kind a misspelt key is the likeliest slip, and the message about it the more helpful one.
        field.fields({name for names in _FIELDS.values() for name in names})
        raise field.wrong(f"{' and '.join(kinds) or 'no moment and no count'}: an expectation is one of {_KINDS}")
    kind = kinds[0]
    parts = field.fields(_FIELDS[kind], required=("alarm", "state") if kind in ("at", "within") else ())
    if kind in ("pages", "incidents"):
        return ExpectedCount(
            field=field,
            what=kind,
            count=parts[kind].integer(least=0),
            severity=parts["severity"].text() if "severity" in parts else "",
            alarm=parts["alarm"].text() if "alarm" in parts else "",
            first=start + read_duration(parts["from"]) if "from" in parts else None,
            last=start + read_duration(parts["to"]) if "to" in parts else None,
        )
    first = start + (read_duration(parts[name]) if (name := "at" if kind == "at" else "of") in parts else 0)
    return ExpectedState(
        field=field,
        alarm=parts["alarm"].text(),
        state=State(parts["state"].choice([state.value for state in State])),
        first=first,
        last=first + (read_duration(parts["within"]) if kind == "within" else 0),
    )


def read_duration(field: Field) -> int:
    """Seconds of a duration.

    Raises:
        SuiteError: says how to write it.
    """
    try:
        return seconds_of(field.text())
    except InputError as error:
        raise field.wrong(error) from error
