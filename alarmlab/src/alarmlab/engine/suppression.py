"""Whether a composite alarm's actions run now, wait, or are suppressed by another alarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Where a composite alarm's actions stand; every step gives the next one.

    Times are Unix seconds. An action that becomes due does so when its time is reached (`due`), so whoever holds this
    asks again at `until`.

    Args:
        wait: seconds that actions wait for the suppressor to go into ALARM.
        extension: seconds that actions stay suppressed after the suppressor left ALARM.
        suppressor_in_alarm: whether it is in ALARM now.
        pending: whether the actions of the alarm's present state are still to run.
        waiting_until: the end of the wait, if one is under way.
        extended_until: the end of the extension, if one is under way.
    """

    wait: float
    extension: float
    suppressor_in_alarm: bool = False
    pending: bool = False
    waiting_until: float | None = None
    extended_until: float | None = None

    @property
    def until(self) -> float | None:
        """When the pending actions become due if nothing changes before, or None."""
        if not self.pending or self.suppressor_in_alarm:
            return None
        return self.extended_until if self.extended_until is not None else self.waiting_until

    @property
    def suppressed_by(self) -> str | None:
        """What holds the pending actions back: Alarm, ExtensionPeriod, WaitPeriod, or None."""
        if not self.pending:
            return None
        if self.suppressor_in_alarm:
            return "Alarm"
        return "ExtensionPeriod" if self.extended_until is not None else "WaitPeriod"

    def changed(self, at: float) -> "Suppression":
        """The alarm changed its state at `at`: a new wait takes the place of the wait or the extension under way."""
        return replace(self, pending=True, waiting_until=at + self.wait, extended_until=None)

    def suppressor(self, at: float, *, in_alarm: bool) -> "Suppression":
        """The suppressor went into ALARM, or left it, at `at`."""
        if in_alarm == self.suppressor_in_alarm:
            return self
        if in_alarm:
            return replace(self, suppressor_in_alarm=True, waiting_until=None, extended_until=None)
        return replace(self, suppressor_in_alarm=False, waiting_until=None, extended_until=at + self.extension)

    def due(self, at: float) -> bool:
        """Whether the pending actions are to run at `at`."""
        return self.until is not None and at >= self.until

    def acted(self) -> "Suppression":
        """The pending actions ran."""
        return replace(self, pending=False, waiting_until=None)
