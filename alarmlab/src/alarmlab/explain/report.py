"""All that is said about the alarms of an assembly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alarmlab.assembly import Assembly
from alarmlab.errors import InputError
from alarmlab.explain.dead_time import DeadTime, dead_time
from alarmlab.explain.findings import Finding, findings
from alarmlab.explain.price import Price, price_of
from alarmlab.explain.words import Words, words
from alarmlab.model.alarms import Alarm
from alarmlab.model.labels import severity_of
from alarmlab.suite.coverage import Coverage


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One alarm.

    Args:
        severity: as its tags say; empty where they do not.
        muted_by: the names of mute rules.
        coverage: by tests; None where none were named.
        place: the file and line that declare it, as far as they are known.
    """

    alarm: Alarm
    severity: str
    words: Words
    dead_time: DeadTime
    price: Price
    findings: tuple[Finding, ...] = ()
    muted_by: tuple[str, ...] = ()
    coverage: Coverage | None = None
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """All alarms.

    Args:
        explained: in the order of the assembly.
        refused: why an alarm is not explained, by its id.
    """

    explained: tuple[Explained, ...]
    refused: Mapping[str, InputError] = field(default_factory=dict)

    @property
    def dollars(self) -> float:
        """What all alarms cost a month, as far as it is known."""
        return round(sum(one.price.dollars for one in self.explained), 2)


def explain(assembly: Assembly, *, only: Sequence[Alarm] = (), proofs: Mapping[str, Coverage] | None = None) -> Report:
    """What there is to say about the alarms of an assembly.

    Args:
        assembly: as it was read.
        only: these alarms, not all.
        proofs: what tests prove, by id; None where no tests were run.
    """
    return Report(
        explained=tuple(_explained(alarm, assembly, proofs) for alarm in only or assembly.alarms),
        refused={} if only else assembly.refused,
    )


def _explained(alarm: Alarm, assembly: Assembly, proofs: Mapping[str, Coverage] | None) -> Explained:
    id = alarm.about.id
    soonest = dead_time(alarm, assembly.by_id)
    return Explained(
        alarm=alarm,
        severity=severity_of(alarm),
        words=words(alarm, assembly.by_id, soonest),
        dead_time=soonest,
        price=price_of(alarm),
        findings=findings(alarm, assembly.by_id),
        muted_by=tuple(rule.name for rule in assembly.mute_rules if id in rule.alarms),
        coverage=None if proofs is None else proofs.get(id, Coverage()),
        place=assembly.places.get(id, ""),
    )
