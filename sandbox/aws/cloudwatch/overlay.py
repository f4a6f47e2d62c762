"""Puts our CloudWatch into ministack: the one place that replaces names of its modules."""

import asyncio
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch as ministack_cloudwatch
from ministack.services import eventbridge, lambda_svc, sns
from ministack.services.cloudformation import provisioners

from alarmlab.model.metrics import MetricId, dimensions_of
from alarmlab.model.mute import MUTE_RULE
from alarmlab.model.read import COMPOSITE_ALARM
from sandbox.aws.cloudwatch.book import AlarmBook
from sandbox.aws.cloudwatch.data import MetricData
from sandbox.aws.cloudwatch.evaluator import Evaluator
from sandbox.aws.cloudwatch.operations import AlarmOperations
from sandbox.aws.cloudwatch.store import MetricKey, MetricStore
from sandbox.aws.cloudwatch.templates import handlers
from sandbox.aws.cloudwatch.widgets import WidgetImages
from sandbox.aws.cloudwatch.wire import Request, Response, ServiceError
from sandbox.aws.painter import Painter
from sandbox.clock import Clock

_NEEDED: dict[Any, tuple[str, ...]] = {
    ministack_cloudwatch: (
        "_alarms",
        "_composite_alarms",
        "_error",
        "_evaluate_alarm",
        "_evaluate_all_alarms",
        "_history_entries",
        "_parse_ts",
        "_resource_tags",
        "handle_request",
        "parse_qs",
        "record_metric",
        "reset",
    ),
    sns: ("_fanout",),
    eventbridge: ("_dispatch_event",),
    lambda_svc: ("_get_func_record_for_ref", "_execution_record_for_config", "invoke_async_with_retry"),
    provisioners: ("_RESOURCE_HANDLERS", "_STACK_TAG_PROPERTY", "_physical_name"),
}


class _Overlay:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.store = MetricStore()
        self.book = AlarmBook(clock)
        self.painter = Painter()
        mutes = self.book.mutes
        data, alarms = MetricData(clock, self.store), AlarmOperations(clock, self.book)
        self.operations = {
            "PutMetricData": data.put_metric_data,
            "GetMetricData": data.get_metric_data,
            "GetMetricStatistics": data.get_metric_statistics,
            "ListMetrics": data.list_metrics,
            "GetMetricWidgetImage": WidgetImages(clock, self.store, self.painter).get_metric_widget_image,
            "PutMetricAlarm": alarms.put_metric_alarm,
            "PutCompositeAlarm": alarms.put_composite_alarm,
            "DeleteAlarms": alarms.delete_alarms,
            "SetAlarmState": alarms.set_alarm_state,
            "EnableAlarmActions": alarms.enable_alarm_actions,
            "DisableAlarmActions": alarms.disable_alarm_actions,
            "DescribeAlarms": alarms.describe_alarms,
            "DescribeAlarmsForMetric": alarms.describe_alarms_for_metric,
            "DescribeAlarmHistory": alarms.describe_alarm_history,
            "PutAlarmMuteRule": mutes.put,
            "GetAlarmMuteRule": mutes.get,
            "ListAlarmMuteRules": mutes.list,
            "DeleteAlarmMuteRule": mutes.delete,
        }

    def answer(self, request: Request) -> Response:
        try:
            request.check()
            return request.answer(self.operations[request.operation](request.input))
        except ServiceError as error:
            return request.refuse(error)


_overlay: _Overlay | None = None


def _installed() -> _Overlay:
    if _overlay is None:
        raise RuntimeError("sandbox.aws.cloudwatch: call install(clock) first")
    return _overlay


def install(clock: Clock) -> None:
    """Replace ministack's metrics and alarms by ours, in sandbox time; call it once, before ministack serves.

    Raises:
        RuntimeError: this ministack lacks a name that is replaced or used here.
    """
    global _overlay  # noqa: PLW0603 - there is one ministack in a process, and its state is global as well
    missing = [
        f"{module.__name__}.{name}" for module, names in _NEEDED.items() for name in names if not hasattr(module, name)
    ]
    if missing:
        raise RuntimeError(f"ministack {version('ministack')} has no {', '.join(missing)}: pin the version it was in")
    overlay = _overlay = _Overlay(clock)
    ministack_answer, ministack_reset = ministack_cloudwatch.handle_request, ministack_cloudwatch.reset

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Response:
        request = Request(path, headers, body, query_params)
        if request.operation == "GetMetricWidgetImage":
            # Drawing takes long enough to hold up every other request.
            return await asyncio.to_thread(overlay.answer, request)
        if request.operation in overlay.operations:
            return overlay.answer(request)
        answered: Response = await ministack_answer(method, path, headers, body, query_params)
        return answered

    def reset() -> None:
        ministack_reset()
        overlay.store.clear()
        overlay.book.clear()

    ministack_cloudwatch.handle_request = handle_request
    ministack_cloudwatch.reset = reset
    ministack_cloudwatch.record_metric = _record_metric
    ministack_cloudwatch._evaluate_alarm = lambda _alarm: None
    ministack_cloudwatch._evaluate_all_alarms = lambda: None
    provisioners._RESOURCE_HANDLERS.update(handlers(overlay.book))
    for kind in (COMPOSITE_ALARM, MUTE_RULE):
        provisioners._STACK_TAG_PROPERTY[kind] = ("Tags", "list")


def start(clock: Clock) -> None:
    """Evaluate all alarms from now on, in a background thread.

    Raises:
        RuntimeError: `install` was not called, or with another clock.
    """
    overlay = _installed()
    if overlay.clock is not clock:
        raise RuntimeError("sandbox.aws.cloudwatch: start() needs the clock that install() was given")
    Evaluator(clock, overlay.store, overlay.book).start()
    overlay.painter.start()


def record(
    namespace: str,
    name: str,
    value: float,
    *,
    unit: str = "None",
    dimensions: Mapping[str, str] | None = None,
    at: float | None = None,
) -> None:
    """Publish one sample of a metric, for the account and region of the request scope (or ministack's defaults).

    Costs a few microseconds and may be called from any thread. `at` is sandbox time in Unix seconds, now by default.
    """
    overlay = _installed()
    key = MetricKey(get_account_id(), get_region(), MetricId(namespace, name, dimensions_of(dimensions)))
    overlay.store.add(key, overlay.clock.now() if at is None else at, float(value), unit=unit)


def _record_metric(
    namespace: str, metric_name: str, value: float, unit: str = "None", dimensions: dict[str, str] | None = None
) -> None:
    """Stands in for the function with which ministack's services publish their own metrics."""
    record(namespace, metric_name, value, unit=unit, dimensions=dimensions)
