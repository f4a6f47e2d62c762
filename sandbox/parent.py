"""Who is still running: a process that ends with its parent, and what a dead one left.

`python -m sandbox.parent COMMAND...` runs a command that knows nothing of this, and ends it, with all that it started, when its
own parent dies or when it is told to.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

_PARENT = "ENDPOINTWATCH_PARENT"


def as_parent() -> dict[str, str]:
    """Environment variables for a child that calls `end_with_parent`, should this process die before the child comes to it."""
    return {_PARENT: str(os.getpid())}


def end_with_parent(*, every_seconds: float = 0.5) -> None:
    """Send this process SIGTERM once its parent has died, so that nothing survives a killed supervisor.

    The parent is watched rather than asked for through Linux's PR_SET_PDEATHSIG: that signal comes as soon as the
    *thread* that started the process ends, and it does not exist elsewhere.
    """
    parent = int(os.environ.pop(_PARENT, os.getppid()))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every_seconds)
        # To the main thread by name: any other that took the signal would leave a main thread that waits for a child waiting.
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGTERM)

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


def main() -> int:
    """Runs the command of the command line; returns its exit code. Started in a session of its own, or it ends its caller too."""
    # The handler only raises: one that waited for the command itself would wait for ever, on the lock of the wait below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    end_with_parent()
    try:
        return subprocess.Popen(sys.argv[1:]).wait()
    except SystemExit:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        with suppress(ChildProcessError):
            os.wait()
        raise


if __name__ == "__main__":
    sys.exit(main())
