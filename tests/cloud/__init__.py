"""The router's surroundings in memory: quick enough for ten thousand alerts, and to be broken at every step."""

from tests.cloud.account import Account
from tests.cloud.clock import HandClock, WallClock
from tests.cloud.processes import Mortal
from tests.cloud.sinks import Sinks

__all__ = ["Account", "HandClock", "Mortal", "Sinks", "WallClock"]
