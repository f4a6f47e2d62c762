"""`python -m sandbox.aws --port P` serves AWS on 127.0.0.1 until SIGTERM."""

import argparse
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

from sandbox.aws.environment import server_environment
from sandbox.clock import Clock
from sandbox.parent import end_with_parent, is_running

_PREFIX = "endpointwatch-aws-"


def main() -> int:
    """Serve until SIGTERM; 2 if an argument is wrong or the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--speed", type=float, default=1.0, help="sandbox seconds a wall-clock second, 1 to 3600")
    parser.add_argument("--inbox", required=True, metavar="URL", help="where SNS e-mail is posted")
    parser.add_argument("--log-file", type=Path, help="file for the log, instead of standard error")
    arguments = parser.parse_args()
    try:
        clock = Clock(speed=arguments.speed)
        listener = _listener(arguments.port)
    except ValueError as error:
        print(f"sandbox.aws: --{error}", file=sys.stderr)
        return 2
    end_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the server takes over
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        filename=arguments.log_file,
    )
    logging.getLogger("sandbox").setLevel(logging.INFO)
    directory = _own_directory()
    environment = server_environment(arguments.port, directory, os.environ)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = str(directory)
    exit_code = 0
    try:
        from sandbox.aws.server import run  # noqa: PLC0415 - ministack reads its settings when it is imported

        run(listener, clock=clock, inbox_url=arguments.inbox.rstrip("/"))
    except Exception:
        logging.getLogger("sandbox.aws").exception("the embedded AWS failed")
        exit_code = 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        logging.shutdown()
    # Threads of ministack that still wait for something (a custom resource, a long poll) would hold the exit up.
    os._exit(exit_code)


def _listener(port: int) -> socket.socket:
    if not 1 <= port <= 65535:
        raise ValueError(f"port: {port} is not between 1 and 65535")
    try:
        return socket.create_server(("127.0.0.1", port), backlog=512)
    except OSError as error:
        raise ValueError(f"port: {port}: {error.strerror}; choose another") from error


def _own_directory() -> Path:
    """A new temporary folder; those that killed processes have left behind are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not is_running(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


if __name__ == "__main__":
    sys.exit(main())
