"""Actions that mute rules hold back, and what runs when a window ends.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules-behaviour.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from alarmlab.engine.run import Timeline, Told
from alarmlab.model.mute import MuteRule

MUTE = "mute"


@dataclass(frozen=True, kw_only=True)
class _Held:
    """News of the first state that was muted, and when the window ends."""

    news: Told
    until: float


def muted(news: Sequence[Told], timeline: Timeline, rules: Sequence[MuteRule], *, end: int) -> Iterator[Told]:
    """`news` as the rules let them through: now, when the window ends, or not at all.

    When a window ends, the actions run of the state that was muted first in it, if the alarm is in that state then.

    Args:
        news: actions about to run, in order of time.
        timeline: the states of their alarm.
        rules: those that mute it.
        end: Unix second; nothing runs after it.
    """
    held: _Held | None = None
    for item in news:
        if held is not None:
            held = _extended(held, rules, item.at)
            if held.until <= item.at:
                yield _released(held, timeline)
                held = None
        until = _until(rules, item.at)
        if until is None:
            yield item
        elif held is None:
            held = _Held(news=item, until=until)
        elif item.state is held.news.state:
            yield replace(held.news, held_back_by=MUTE)
            held = replace(held, news=item)
        else:
            yield replace(item, held_back_by=MUTE)
    if held is not None:
        held = _extended(held, rules, end)
        yield _released(held, timeline) if held.until <= end else replace(held.news, held_back_by=MUTE)


def _extended(held: _Held, rules: Sequence[MuteRule], at: int) -> _Held:
    """`held` with the end of the last of the windows that follow without a gap, as far as they matter by `at`."""
    while held.until <= at:
        further = _until(rules, held.until)
        if further is None:
            break
        held = replace(held, until=further)
    return held


def _released(held: _Held, timeline: Timeline) -> Told:
    # An evaluation that falls on the end of the window comes after it, as it does for the end of a wait.
    if timeline.state(held.until - 1) is held.news.state:
        return replace(held.news, at=int(held.until))
    return replace(held.news, held_back_by=MUTE)


def _until(rules: Sequence[MuteRule], at: float) -> float | None:
    return max((end for rule in rules if (end := rule.until(at)) is not None), default=None)
