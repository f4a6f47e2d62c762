"""A composite alarm's actions, step by step."""

import pytest

from alarmlab.engine.suppression import Suppression


def run(events: dict[int, str]) -> tuple[list[int], list[str | None]]:
    """When actions run within 12 s, and what holds them back each second; wait 2, extension 3."""
    step = Suppression(wait=2, extension=3)
    acted, held = [], []
    for second in range(12):
        for event in events.get(second, "").split():
            step = step.changed(second) if event == "change" else step.suppressor(second, in_alarm=event == "on")
        if step.due(second):
            acted.append(second)
            step = step.acted()
        held.append(step.suppressed_by)
    return acted, held


@pytest.mark.parametrize(
    ("events", "acted"),
    [
        ({2: "change"}, [4]),
        ({2: "change", 3: "on"}, []),
        ({2: "change", 3: "change"}, [5]),
        ({1: "on", 2: "change"}, []),
        ({2: "change", 3: "on", 6: "off"}, [9]),
        ({2: "change", 3: "on", 6: "off", 7: "change"}, [9]),
        ({2: "change", 3: "on", 6: "off", 8: "change"}, [10]),
        ({2: "change", 6: "on", 7: "change"}, [4]),
        ({1: "on", 3: "off", 4: "change"}, [6]),
        ({1: "on", 2: "off", 7: "change"}, [9]),
        ({1: "on", 2: "change", 3: "off", 4: "on", 6: "off"}, [9]),
    ],
)
def test_suppressor(events: dict[int, str], acted: list[int]) -> None:
    """CloudWatch's six examples to the second, and what follows from the same rules around them."""
    assert run(events)[0] == acted


def test_suppressor_says_what_holds_actions_back() -> None:
    """The wait, then the suppressor, then its extension, then nothing."""
    _, held = run({2: "change", 3: "on", 6: "off"})
    assert held == [None, None, "WaitPeriod", *["Alarm"] * 3, *["ExtensionPeriod"] * 3, None, None, None]


def test_no_wait_acts_at_once() -> None:
    """A wait of zero seconds is none."""
    assert Suppression(wait=0, extension=0).changed(5).due(5)
