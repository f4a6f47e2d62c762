"""The state of a function's process: thrown away as Lambda does after a crash, without importing everything again."""

import sys
from types import ModuleType

PACKAGES = ("alert_common", "alert_enricher", "alert_dispatcher")


def cold_start() -> None:
    """Forget all that modules of the functions keep between invocations: cached answers, and collections of their own."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PACKAGES and name != "alert_common.codec":  # which only remembers its own types
            _forget(module)


def _forget(module: ModuleType) -> None:
    for name, value in vars(module).items():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
        elif name.startswith("_") and name.islower() and isinstance(value, dict | list | set) and name[1] != "_":
            value.clear()
