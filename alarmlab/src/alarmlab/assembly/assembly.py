"""Alarms that were read, and how they are found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

from alarmlab.assembly.stacks import without_suffix
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm
from alarmlab.model.family import with_descendants
from alarmlab.model.mute import MuteRule


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """The alarms of templates.

    Args:
        alarms: composite alarms look at others by their ids.
        mute_rules: with the ids of the alarms that they mute.
        refused: why an alarm is not among them, by its id.
        places: the file and line of alarms, by id, as far as they are known.
    """

    alarms: tuple[Alarm, ...] = ()
    mute_rules: tuple[MuteRule, ...] = ()
    refused: Mapping[str, InputError] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> Mapping[str, Alarm]:
        """The alarms by their ids."""
        return {alarm.about.id: alarm for alarm in self.alarms}

    def find(self, name: str) -> Alarm:
        """The alarm that somebody calls `name`.

        That is its id, its AlarmName, or its id without the digits that CDK put at the end; each also after its stack and a
        slash.

        Raises:
            InputError: it was refused, there is none, or more than one.
        """
        if name in self.by_id:
            return self.by_id[name]
        if name in self.refused:
            raise self.refused[name]
        for called in _CALLED:
            found = [alarm for alarm in self.alarms if called(alarm) == name]
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(alarm.about.id for alarm in found)
                raise InputError(f"alarm {name!r}: {len(found)} alarms are called so: use one of {ids}")
        for id, error in self.refused.items():
            if without_suffix(id) == name:
                raise error
        raise InputError(f"alarm {name!r}: there is none; {self._near(name)}")

    def only(self, names: Collection[str]) -> tuple[Alarm, ...]:
        """The alarms that somebody names, with all that they look at; all where none is named.

        Raises:
            InputError: as `find`.
        """
        if not names:
            return self.alarms
        found = with_descendants([self.find(name).about.id for name in names], self.by_id)
        return tuple(alarm for alarm in self.alarms if alarm.about.id in found)

    def _near(self, name: str) -> str:
        names = dict.fromkeys(called(alarm) for called in _CALLED[:2] for alarm in self.alarms)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        if near:
            return f"did you mean {' or '.join(map(repr, near))}?"
        return f"there are {', '.join(list(names)[:10])}" if names else "the template has none"


def _logical(alarm: Alarm) -> str:
    return alarm.about.id.removeprefix(f"{alarm.about.stack}/")


_CALLED: tuple[Callable[[Alarm], str], ...] = (
    lambda alarm: alarm.about.name,
    lambda alarm: without_suffix(_logical(alarm)),
    lambda alarm: f"{alarm.about.stack}/{_logical(alarm)}",
    lambda alarm: f"{alarm.about.stack}/{alarm.about.name}",
    lambda alarm: f"{alarm.about.stack}/{without_suffix(_logical(alarm))}",
)
