"""Who is still running: a process that ends with its parent, and what a dead one left."""

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


def is_running(pid: int) -> bool:
    """Whether a process of that id exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
