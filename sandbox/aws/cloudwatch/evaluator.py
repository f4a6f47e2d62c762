"""Evaluates every alarm of every account at the boundaries of sandbox time."""

import logging
import threading

import numpy as np
from ministack.core.responses import request_scope
from ministack.services import cloudwatch as ministack_cloudwatch

from alarmlab.engine.bands import band_of
from alarmlab.engine.judge import KEEP, STATES
from alarmlab.engine.metric_alarm import codes, datapoints, window_of
from alarmlab.engine.reasons import Row, reason, reason_data
from alarmlab.engine.schedule import FINEST, is_due
from alarmlab.engine.warm_up import has_ended
from alarmlab.engine.window import Moments
from alarmlab.model.alarms import MetricAlarm
from sandbox.aws.cloudwatch.alarms import is_in_warm_up, read_metric_alarm
from sandbox.aws.cloudwatch.book import AlarmBook
from sandbox.aws.cloudwatch.source import StoreSource
from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.cloudwatch.tables import parts_of
from sandbox.aws.cloudwatch.wire import ServiceError, Values
from sandbox.clock import Clock

_log = logging.getLogger(__name__)

# Wall-clock time for which an evaluation waits for samples of the period that just ended and are still on their way.
_SETTLE_SECONDS = 0.05


class Evaluator:
    """Walks sandbox time in steps of 10 s, late or not, and evaluates what is due at each."""

    def __init__(self, clock: Clock, store: MetricStore, book: AlarmBook) -> None:
        self._clock = clock
        self._store = store
        self._book = book
        self._read: dict[str, tuple[Values, MetricAlarm | None]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Evaluate from now on, in a thread that ends with the process if not before."""
        threading.Thread(target=self._run, name="alarm-evaluator", daemon=True).start()

    def stop(self) -> None:
        """Evaluate nothing more."""
        self._stopping.set()

    def evaluate_all(self, at: int) -> None:
        """Evaluate every alarm that is due at the Unix second `at` of sandbox time."""
        for alarm in ministack_cloudwatch._alarms.all_values():
            try:
                self._evaluate(alarm, at)
            except Exception:
                _log.exception("alarm %r: it could not be evaluated", alarm.get("AlarmName"))

    def _run(self) -> None:
        boundary = (int(self._clock.now()) // FINEST + 1) * FINEST
        while not self._stopping.is_set():
            moment = self._book.next_moment()
            waiting_ends = moment is not None and moment < boundary
            target = moment if moment is not None and waiting_ends else float(boundary)
            left = self._clock.wall_seconds(target - self._clock.now())
            if not waiting_ends:
                left += _SETTLE_SECONDS
            if left > 0:
                # Short, so that a wait that begins meanwhile ends in time.
                self._stopping.wait(min(left, 0.25))
                if left > 0.25:
                    continue
            if not waiting_ends:
                self.evaluate_all(boundary)
                boundary += FINEST
            self._book.advance(target)

    def _evaluate(self, alarm: Values, at: int) -> None:
        read = self._read_alarm(alarm)
        if read is None or not is_due(read, at):
            return
        account, region, name = parts_of(alarm["AlarmArn"])
        source, moment = StoreSource(self._store, account, region), np.array([at])
        if is_in_warm_up(alarm):
            if not has_ended(read, source, moment, created=alarm["CreatedTimestamp"])[0]:
                return
            with request_scope(account, region):
                self._book.end_warm_up(name)
        code = codes(read, source, moment)[0]
        if code == KEEP or STATES[code] == alarm["StateValue"]:
            return
        state, row = STATES[code], _row(read, source, moment)
        why = reason(read.settings, state, row)
        data = reason_data(read.settings, row, at=at, unit=alarm.get("Unit") or "")
        with request_scope(account, region):
            # An alarm deleted since this round began has no state to change.
            if name in ministack_cloudwatch._alarms:
                self._book.set_state(name, state, why, data, at)

    def _read_alarm(self, alarm: Values) -> MetricAlarm | None:
        arn = alarm["AlarmArn"]
        cached = self._read.get(arn)
        if cached is None or cached[0] is not alarm:
            read: MetricAlarm | None = None
            try:
                read = read_metric_alarm(alarm)
            except ServiceError as error:
                # Not put through our own PutMetricAlarm: ministack's other services write alarms themselves.
                _log.warning("never evaluated: %s", error.message)
            cached = self._read[arn] = (alarm, read)
        return cached[1]


def _row(alarm: MetricAlarm, source: StoreSource, moment: Moments) -> Row:
    """What the evaluation at one moment looked at."""
    window, query = window_of(alarm, moment), alarm.query
    counts = source.values(query.metric, "SampleCount", window, unit=query.unit)[0] if query.metric else None
    band = None
    if alarm.band:
        lower, upper = band_of(alarm, source, window)
        band = lower[0], upper[0]
    return Row(values=datapoints(alarm, source, moment)[0], starts=window.starts[0], counts=counts, band=band)
