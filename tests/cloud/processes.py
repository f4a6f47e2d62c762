"""A function's process: its state, thrown away without importing everything again, and its death at a step."""

import sys
from types import ModuleType

PACKAGES = ("alert_common", "alert_enricher", "alert_dispatcher")

KEPT = frozenset({"alert_common.codec", "alert_common.aws"})
"""Remember how types are written, and hold clients: both the same in every process, and slow to make."""


class KilledError(BaseException):
    """The process ended: nothing of the function catches it, and nothing that it does afterwards has an effect."""


class Mortal:
    """Counts steps, and dies at one of them.

    Args:
        at: number of that step, from 0; None for never.
    """

    def __init__(self, at: int | None = None) -> None:
        self.steps: list[str] = []
        self._at = at
        self._dead = False

    def step(self, what: str) -> None:
        """Take a step.

        Raises:
            KilledError: it was the last one.
        """
        if self._dead:
            raise KilledError
        self.steps.append(what)
        if len(self.steps) - 1 == self._at:
            self._dead = True
            raise KilledError(what)

    def revive(self) -> None:
        """Start another process."""
        self._dead = False
        cold_start()


def cold_start() -> None:
    """Forget all that modules of the functions keep between invocations: cached answers, and collections of their own."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PACKAGES and name not in KEPT:
            _forget(module)


def _forget(module: ModuleType) -> None:
    for name, value in vars(module).items():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
        elif name.startswith("_") and name.islower() and isinstance(value, dict | list | set) and name[1] != "_":
            value.clear()
