"""Composite alarms and mute rules with the ids of the alarms that they mention."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import unquote

from alarmlab.assembly.assembly import Assembly
from alarmlab.assembly.intrinsics import REFERENCE
from alarmlab.errors import InputError
from alarmlab.model.alarms import Alarm, CompositeAlarm
from alarmlab.model.family import looked_at
from alarmlab.model.mute import MuteRule
from alarmlab.model.rules import renamed

_ARN = ":alarm:"


@dataclass(frozen=True, kw_only=True)
class Named:
    """An alarm that a template declares, whether or not it can be read."""

    name: str
    id: str
    stack: str


class Names:
    """What alarms are called in templates.

    Args:
        named: the alarms by name.
        ids: by stack and logical id.
    """

    def __init__(self, named: Sequence[Named], ids: Mapping[tuple[str, str], str]) -> None:
        self._ids = ids
        self._by_name: dict[str, list[Named]] = defaultdict(list)
        for item in named:
            self._by_name[item.name].append(item)

    def all_called(self, mention: str, stack: str) -> list[str]:
        """The ids of the alarms that are mentioned in `stack`: those of that stack, or those of others."""
        name = _name_in(mention)
        if name.startswith(REFERENCE):
            of, _, logical = unquote(name.removeprefix(REFERENCE)).partition("|")
            id = self._ids.get((of, logical))  # None where text follows the reference: a name made of a name
            return [] if id is None else [id]
        found = self._by_name.get(name, [])
        return [item.id for item in ([item for item in found if item.stack == stack] or found)]

    def one_called(self, mention: str, alarm: Alarm) -> str:
        """The id of the one alarm that `alarm` mentions.

        Raises:
            InputError: there is none, or more than one.
        """
        found = self.all_called(mention, alarm.about.stack)
        if len(found) == 1:
            return found[0]
        before, _, reference = mention.partition(REFERENCE)
        mention = before + unquote(reference).rpartition("|")[2]
        by = f"alarm {alarm.about.id!r}: it mentions {mention!r}"
        if found:
            raise InputError(f"{by}, as which {len(found)} are known: {', '.join(found)}")
        near = get_close_matches(mention, self._by_name, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(f"{by}, which is in none of the templates{hint}")


def _name_in(mention: str) -> str:
    """The name or reference in an ARN, or what is one itself."""
    return mention.partition(_ARN)[2] or mention


def linked(
    alarms: Sequence[Alarm],
    rules: Sequence[tuple[str, MuteRule]],
    names: Names,
    refused: Mapping[str, InputError],
    places: Mapping[str, str],
) -> Assembly:
    """What was read, with ids where composite alarms and mute rules mention alarms.

    A composite alarm that mentions an alarm which is not there, or was refused, or itself by way of others, is refused.

    Args:
        alarms: that could be read.
        rules: with the stacks that declare them.
        names: of all alarms.
        refused: what could not be read, by id, with the reason.
        places: where it is declared, by id.
    """
    refusals = dict(refused)
    kept: dict[str, Alarm] = {}
    for alarm in alarms:
        try:
            kept[alarm.about.id] = _with_ids(alarm, names) if isinstance(alarm, CompositeAlarm) else alarm
        except InputError as error:
            refusals[alarm.about.id] = _placed(error, alarm.about.id, places)
    for id, reason in _unfit(kept, refusals).items():
        del kept[id]
        refusals[id] = _placed(reason, id, places)
    muting = []
    for stack, rule in rules:
        targets = dict.fromkeys(id for target in rule.alarms for id in names.all_called(target, stack))
        muting.append(replace(rule, alarms=tuple(targets)))
    return Assembly(alarms=tuple(kept.values()), mute_rules=tuple(muting), refused=refusals, places=places)


def _with_ids(alarm: CompositeAlarm, names: Names) -> CompositeAlarm:
    return replace(
        alarm,
        rule=renamed(alarm.rule, lambda mention: names.one_called(mention, alarm)),
        suppressor=names.one_called(alarm.suppressor, alarm) if alarm.suppressor else "",
    )


def _unfit(alarms: Mapping[str, Alarm], refused: Mapping[str, InputError]) -> dict[str, InputError]:
    """Composite alarms that look at what is refused, or at themselves, with the reason."""
    found: dict[str, InputError] = {}
    good: set[str] = set()

    def check(id: str, path: tuple[str, ...]) -> InputError | None:
        if id in good:
            return None
        if id in found:
            return found[id]
        if id in path:
            circle = " -> ".join((*path[path.index(id) :], id))
            return InputError(f"it leads back to itself: {circle}")
        if id not in alarms:
            return refused.get(id, InputError("a condition leaves it out"))
        for child in looked_at(alarms[id]):
            error = check(child, (*path, id))
            if error is not None:
                found[id] = type(error)(f"alarm {id!r}: it looks at {child!r}: {error}")
                return found[id]
        good.add(id)
        return None

    for id in alarms:
        check(id, ())
    return found


def _placed(error: InputError, id: str, places: Mapping[str, str]) -> InputError:
    return type(error)(f"{places[id]}: {error}") if places.get(id) else error
