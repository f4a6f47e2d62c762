"""Which alarms no test proves, and what to write."""

from collections.abc import Collection, Iterable, Iterator

from alarmlab.assembly import Assembly
from alarmlab.model.alarms import Alarm
from alarmlab.suite.coverage import coverage
from alarmlab.suite.run import Result

SIGNAL = "endpointwatch:signal"
"""The tag by which the same alarm is known in every app."""

Lacking = dict[str, list[str]]
"""What there is no test of, by alarm: `fires` and `keeps silent`."""


def unproved(assembly: Assembly, results: Iterable[Result]) -> Lacking:
    """The alarms of an assembly, by id, that lack a test in which they fire, or one in which they keep silent."""
    proofs = coverage(results)
    lacking: Lacking = {}
    for id in assembly.by_id:
        proof = proofs.get(id)
        missing = [] if proof and proof.firing else ["fires"]
        missing += [] if proof and proof.silent else ["keeps silent"]
        if missing:
            lacking[id] = missing
    return lacking


def signals(alarms: Iterable[Alarm]) -> set[str]:
    """What alarms listen to; the id of one that does not say so."""
    return {alarm.about.tags.get(SIGNAL, alarm.about.id) for alarm in alarms}


def what_to_write(name: str, missing: Collection[str]) -> Iterator[str]:
    """How to mend what is lacking, a line each."""
    expectations = {
        "fires": f"{{at: 30m, alarm: {name}, state: ALARM}}",
        "keeps silent": f"{{pages: 0, alarm: {name}}}, with series of its metrics in which nothing is wrong",
    }
    for what in missing:
        yield f"{name}: no test in which it {what}: write one in tests/alarms/*.alarms.yaml that expects {expectations[what]}"
