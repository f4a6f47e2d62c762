"""`endpointwatch send-test-alert`: sends an alert the whole way, and says who took it."""

import getpass
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from endpointwatch.cli.routing import Routing
from endpointwatch.cli.state import Progress, group_of, look

PAUSE_SECONDS = 1.0

Say = Callable[[str], None]


@dataclass(kw_only=True)
class TestAlert:
    """One test alert, from its beginning to its end.

    Args:
        session: of boto3.
        routing: where to send it.
        severity: which topic it goes to.
        timeout: seconds to wait for a step.
        say: takes one line.
    """

    __test__ = False  # for pytest, which takes classes with such names for tests

    session: Any
    routing: Routing
    severity: str
    timeout: float
    say: Say
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    _began: float = field(default=0.0, init=False)
    _route: frozenset[str] = field(default=frozenset(), init=False)
    """Sinks that were to be told at first; who joins later stands in for one of them."""

    def run(self, *, resolve_after: float) -> int:
        """Send it, wait, end it after so many seconds; 0 when every sink of its route took it and its end, else 1."""
        self._began = time.monotonic()
        self._tell(f"sending a test alert to the topic {self.severity} of {self.routing.found.stack}, id {self.id}")
        with self._open():
            told = self._wait(lambda progress: progress.took, "took it", self.timeout)
            left = resolve_after - (time.monotonic() - self._began)
            if told is not None and left > 0:
                time.sleep(left)
        self._tell("sent its end")
        if told is None:
            return 1
        settle = self.routing.settle_seconds
        if settle:
            self._tell(f"the end counts when it has settled for {settle:g} s; Ctrl-C leaves now, the end is on its way")
        ended = self._wait(lambda progress: progress.over, "took its end", settle + self.timeout)
        return 0 if ended is not None else 1

    @contextmanager
    def _open(self) -> Iterator[None]:
        self._publish("ALARM")
        try:
            yield
        finally:
            # Also on Ctrl-C: nobody must be left with a page that nothing ends.
            self._publish("OK")

    def _publish(self, state: str) -> None:
        message = {
            "endpointwatch": "test",
            "id": self.id,
            "state": state,
            "at": datetime.now(UTC).isoformat(),
            "by": getpass.getuser(),
        }
        self.session.client("sns").publish(TopicArn=self.routing.topics[self.severity], Message=json.dumps(message))

    def _wait(self, done: Callable[[Progress], frozenset[str]], what: str, seconds: float) -> Progress | None:
        """Look until `done` names every sink, saying each one; None when time is up, having said what to look at."""
        dynamodb = self.session.client("dynamodb")
        group = group_of(self.id)
        said: set[str] = set()
        until = time.monotonic() + seconds
        while True:
            progress = look(dynamodb, table=self.routing.found.table, group=group)
            self._route = self._route or frozenset(progress.digests or ())
            for sink in sorted(done(progress) - said):
                self._tell(f"{sink} {what}{'' if sink in self._route else ', standing in for another'}")
                said.add(sink)
            if progress.digests and said >= progress.digests.keys():
                return progress
            if time.monotonic() >= until:
                self._explain(progress, said, what, seconds)
                return None
            time.sleep(PAUSE_SECONDS)

    def _explain(self, progress: Progress, said: set[str], what: str, seconds: float) -> None:
        found = self.routing.found
        self._tell(f"not within {seconds:g} s:")
        if progress.digests is None:
            self.say(f"  the enricher has not handed it on. Its queue: {self._count(found.alerts_queue)};")
            self.say(f"  its dead letters: {self._count(found.alerts_dead_letters)};")
            self.say(f"  what SNS could not hand over: {self._count(found.undelivered)}.")
            self.say(f"  Look at the log group {found.enricher_logs}")
            return
        for sink, digest in sorted(progress.digests.items()):
            if sink in said:
                continue
            if digest and what == "took it":
                self.say(f"  {sink} gathers a digest for {digest} s: --timeout {digest + 60} waits for it")
                continue
            queues = self.routing.sinks[sink]
            self.say(f"  {sink}: nobody {what}. Its queue: {self._count(queues.queue)};")
            self.say(
                f"  its dead letters: {self._count(queues.dead_letters)}; `endpointwatch redrive --dry-run` lists them."
            )
        self.say(f"  Look at the log group {found.dispatcher_logs}")

    def _count(self, queue: str) -> str:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.session.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return f"{counts[names[0]]} messages to take, {counts[names[1]]} taken or put back for later"

    def _tell(self, what: str) -> None:
        self.say(f"{time.monotonic() - self._began:6.1f} s  {what}")
