"""A process that draws graphs, so that drawing holds up nothing else: `python -m sandbox.aws.painter` reads graphs, writes PNGs."""

import os
import pickle
import subprocess
import sys
import threading

from sandbox.aws.drawing import Graph, draw, warm_up

MOST_WAITING = 4
"""Graphs that may wait to be drawn. The service has a limit as well: 20 a second."""
_NICENESS = 10


class BusyError(Exception):
    """As many graphs wait already as may."""


class Painter:
    """Draws one graph after the other in a process that ends with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._drawing = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    def start(self) -> None:
        """Start the process, which then imports what drawing needs; that takes about a second."""
        with self._drawing:
            self._running()

    def draw(self, graph: Graph) -> bytes:
        """The graph as a PNG.

        Raises:
            BusyError: too many wait already.
            OSError: the process ended; the next graph starts another.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            with self._drawing:
                process = self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                try:
                    pickle.dump(graph, process.stdin)
                    process.stdin.flush()
                    picture = pickle.load(process.stdout)  # noqa: S301 - our own process wrote it
                except EOFError as error:
                    raise OSError("the process that draws has ended") from error
            assert isinstance(picture, bytes)
            return picture
        finally:
            self._places.release()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.aws.painter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process


def main() -> int:
    """Draw until standard input ends, which it does when the other process does."""
    os.nice(_NICENESS)
    warm_up()
    graphs, pictures = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            graph: Graph = pickle.load(graphs)  # noqa: S301 - our own process wrote it
        except EOFError:
            return 0
        pickle.dump(draw(graph), pictures)
        pictures.flush()


if __name__ == "__main__":
    sys.exit(main())
