"""Ends a process when the process that started it is gone."""

import os
import signal
import threading
import time


def end_with_parent(*, every_seconds: float = 0.5) -> None:
    """Send this process SIGTERM once its parent has died, so that nothing survives a killed supervisor.

    The parent is watched rather than asked for through Linux's PR_SET_PDEATHSIG: that signal comes as soon as the
    *thread* that started the process ends, and it does not exist elsewhere.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every_seconds)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
