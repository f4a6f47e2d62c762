"""What every sink offers the dispatcher."""

from collections.abc import Callable
from typing import Protocol

from alert_common.delivery import Delivery
from alert_common.state import SinkRecord

Remember = Callable[[SinkRecord], None]


class Sink(Protocol):
    """Somewhere that alerts are told."""

    def send(self, delivery: Delivery, last: SinkRecord | None, remember: Remember) -> None:
        """Tell it.

        Args:
            delivery: what to tell.
            last: what this sink took last for the same alert.
            remember: to be called as soon as the sink has taken the message, before anything optional.

        Raises:
            RetryLaterError: not now; the delivery goes back to its queue.
            RejectedError: never; the delivery goes to the dead letters.
        """


def is_late(delivery: Delivery, last: SinkRecord | None) -> bool:
    """Whether the sink already took something newer about this alert."""
    return last is not None and delivery.alert.at < last.at
