"""Messages written from the services' contracts, and values made of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alert_common.alert import Alert, Severity
from alert_common.context import Context, Endpoint, Link, LogLine, Missing, Sibling, Signal
from alert_common.incident import Incident, Member, News, Told
from alert_common.page import Action, Page
from alert_dispatcher.sinks.base import Update
from alert_enricher.parse import parse

NOW = datetime(2026, 11, 23, 14, 11, 4, 250_000, tzinfo=UTC)
ACCOUNT, REGION = "111122223333", "eu-west-1"
NAME = "ranker/AllTraffic/errors"
ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:critical"

DIMENSIONS = [{"value": "AllTraffic", "name": "VariantName"}, {"value": "ranker", "name": "EndpointName"}]
REASON = (
    "Threshold Crossed: 3 out of the last 5 datapoints [0.3124 (23/11/26 14:10:00), 0.298 (23/11/26 14:09:00), "
    "0.051 (23/11/26 14:08:00)] were greater than the threshold (0.0144) (minimum 3 datapoints for OK -> ALARM transition)."
)


def _stat(id: str, name: str, stat: str) -> dict[str, Any]:
    metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": DIMENSIONS}
    return {"Id": id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, "ReturnData": False}


def sns_alarm(**changes: Any) -> dict[str, Any]:
    """The alarm message of a math alarm on the share of failed requests, as CloudWatch publishes it."""
    message: dict[str, Any] = {
        "AlarmName": NAME,
        "AlarmDescription": "Far more requests fail than the objective allows.\n\nFirst: look at the last error lines.",
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-11-20T09:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": REASON,
        "StateChangeTime": "2026-11-23T14:11:04.250+0000",
        "Region": "EU (Ireland)",
        "AlarmArn": ARN,
        "OldStateValue": "OK",
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "Period": 60,
            "EvaluationPeriods": 5,
            "DatapointsToAlarm": 3,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0.0144,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
            "Metrics": [
                {
                    "Expression": "IF(requests >= 10, failed, 0)",
                    "Id": "value",
                    "Label": "failed requests (share)",
                    "ReturnData": True,
                },
                _stat("requests", "Invocations", "Sum"),
                _stat("failed", "InvocationModelErrors", "Average"),
            ],
        },
    }
    return {**message, **changes}


def metric_trigger(name: str, *, threshold: float, **changes: Any) -> dict[str, Any]:
    """The `Trigger` of an alarm on one metric of the variant."""
    return {
        "MetricName": name,
        "Namespace": "AWS/SageMaker",
        "StatisticType": "Statistic",
        "Statistic": "AVERAGE",
        "Unit": None,
        "Dimensions": DIMENSIONS,
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 3,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": threshold,
        "TreatMissingData": "- TreatMissingData:                    notBreaching",
        "EvaluateLowSampleCountPercentile": "",
        **changes,
    }


def envelope(message: object, **changes: Any) -> str:
    """The SNS envelope that a queue carries."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "2c9f1a35-3d0d-5d0e-8c1f-000000000001",
            "TopicArn": TOPIC,
            "Subject": 'ALARM: "ranker/AllTraffic/errors" in EU (Ireland)',
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": "2026-11-23T14:11:04.300Z",
            "SignatureVersion": "1",
            **changes,
        }
    )


def _configuration() -> dict[str, Any]:
    def stat(id: str, name: str, statistic: str) -> dict[str, Any]:
        dimensions = {"EndpointName": "ranker", "VariantName": "AllTraffic"}
        metric = {"namespace": "AWS/SageMaker", "name": name, "dimensions": dimensions}
        return {"id": id, "metricStat": {"metric": metric, "period": 60, "stat": statistic}, "returnData": False}

    return {
        "description": sns_alarm()["AlarmDescription"],
        "metrics": [
            {
                "id": "value",
                "expression": "IF(requests >= 10, failed, 0)",
                "label": "failed requests (share)",
                "returnData": True,
            },
            stat("requests", "Invocations", "Sum"),
            stat("failed", "InvocationModelErrors", "Average"),
        ],
    }


def _states() -> dict[str, Any]:
    return {
        "state": {"value": "ALARM", "reason": REASON, "timestamp": "2026-11-23T14:11:04.250+0000"},
        "previousState": {"value": "OK", "reason": "", "timestamp": "2026-11-23T10:00:00.000+0000"},
        "configuration": _configuration(),
    }


def event_alarm(**changes: Any) -> dict[str, Any]:
    """The same transition as an EventBridge event."""
    return event("CloudWatch Alarm State Change", {"alarmName": NAME, **_states(), **changes}, source="aws.cloudwatch")


def direct_alarm() -> dict[str, Any]:
    """The same transition as a direct Lambda action."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": ARN,
        "accountId": ACCOUNT,
        "time": "2026-11-23T14:11:04.250+0000",
        "region": REGION,
        "alarmData": {"alarmName": NAME, **_states()},
    }


def event(
    detail_type: str, detail: Mapping[str, Any], *, source: str = "aws.sagemaker", **changes: Any
) -> dict[str, Any]:
    """An EventBridge event."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-23T14:11:04Z",
        "region": REGION,
        "resources": [ARN] if source == "aws.cloudwatch" else [],
        "detail": detail,
        **changes,
    }


def one(payload: object, **arguments: Any) -> Alert:
    """Parse a message that holds one alert."""
    (alert,) = parse(payload, received=arguments.pop("received", NOW), **arguments)
    return alert


def context() -> Context:
    """All that can be known."""
    began = datetime(2026, 11, 23, 14, 8, tzinfo=UTC)
    return Context(
        environment="prod",
        owner="ml-platform",
        objective="99.9 percent of requests answered without a failure",
        tags={
            "endpointwatch:signal": "errors",
            "endpointwatch:severity": "critical",
            "endpointwatch:unit": "share",
            "endpointwatch:objective-value": "0.001",
        },
        endpoint=Endpoint(
            status="InService",
            variants=("AllTraffic",),
            instance_type="ml.g5.2xlarge",
            instance_count=2,
            config="ranker-config-7",
            model="ranker-2026-11-23",
            image="763104351884.dkr.ecr.eu-west-1.amazonaws.com/triton:25.09",
            created_at=began - timedelta(days=90),
            modified_at=began - timedelta(minutes=12),
            config_created_at=began - timedelta(minutes=20),
        ),
        signals=(
            Signal(name="Requests", unit="/min", before=1204.0, after=1188.0, sparkline="▆▆▇▆▇▇▆▆▇▆▇▇"),
            Signal(name="Errors", unit="%", before=0.04, after=31.24, sparkline="▁▁▁▁▁▁▁▁▁▂▇█"),
            Signal(name="Latency p99", unit="ms", before=212.0, after=1873.0, sparkline="▁▁▁▁▁▁▁▁▂▅▇█"),
            Signal(name="GPU", unit="%", before=64.0, after=38.5, sparkline="▇▇█▇▇▇▇▇▇▅▄▄"),
        ),
        siblings=(
            Sibling(name="ranker/AllTraffic/latency", state="ALARM"),
            Sibling(name="ranker/AllTraffic/gpu", state="OK"),
            Sibling(name="ranker/AllTraffic/memory", state="OK"),
        ),
        logs=(
            LogLine(
                at=began + timedelta(seconds=70),
                text="RuntimeError: CUDA error: an illegal memory access was encountered  (41 alike)",
            ),
            LogLine(at=began + timedelta(seconds=75), text="ERROR predict failed for request 8f1c: <Response [500]>"),
        ),
        chart_key="charts/2026/11/23/abc.png",
        links=(
            Link(text="Runbook", href="https://wiki.example.com/ranker"),
            Link(
                text="Dashboard", href="https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#d/x"
            ),
        ),
        missing=(Missing(what="sibling alarms", why="throttled"),),
    )


def page(action: Action = Action.TRIGGER, payload: object | None = None, **changes: Any) -> Page:
    """A page of the error alarm with its whole context."""
    alert = one(envelope(sns_alarm()) if payload is None else payload)
    return replace(Page(action=action, alert=alert, context=context(), opened_at=alert.since), **changes)


def resolved() -> Page:
    """The end of it, nine minutes later."""
    message = sns_alarm(
        NewStateValue="OK",
        OldStateValue="ALARM",
        StateChangeTime="2026-11-23T14:20:04.250+0000",
        NewStateReason="Threshold Crossed: 3 out of the last 5 datapoints [0.002 (23/11/26 14:19:00), "
        "0.004 (23/11/26 14:18:00), 0.006 (23/11/26 14:17:00)] were not greater than the threshold (0.0144) "
        "(minimum 3 datapoints for ALARM -> OK transition).",
    )
    return page(Action.RESOLVE, envelope(message), opened_at=datetime(2026, 11, 23, 14, 8, tzinfo=UTC))


def incident(*pages: Page, **changes: Any) -> Incident:
    """The incident that these pages tell, in their order; a page's key is its news' number."""
    members: dict[str, Member] = {}
    news = []
    severity = pages[0].alert.severity
    for seq, one_page in enumerate(pages, 1):
        alert = one_page.alert
        key = alert.dedup_key
        news.append(News(seq=seq, action=one_page.action, member=key, name=alert.name, at=alert.at, page=str(seq)))
        if one_page.action in {Action.INFORM, Action.CONTEXT}:
            continue
        opened_at = None if one_page.action is Action.RESOLVE else one_page.opened_at or alert.at
        members[key] = Member(
            name=alert.name, state=alert.state, at=alert.at, opened_at=opened_at, severity=alert.severity
        )
        severity = min(severity, alert.severity, key=list(Severity).index)
    is_open = any(member.opened_at for member in members.values())
    made = Incident(
        id="endpointwatch/ranker/1",
        group="ranker",
        opened_at=pages[0].opened_at or pages[0].alert.at,
        severity=severity,
        sinks={"slack": 0, "pagerduty": 0, "email": 0, "hook": 0},
        environment="prod",
        resource=pages[0].alert.resource,
        members=members,
        news=tuple(news),
        last_seq=len(news),
        recovered_at=None if is_open or not members else max(member.at for member in members.values()),
    )
    return replace(made, **changes)


def update(*pages: Page, told: Told | None = None, **changes: Any) -> Update:
    """What a sink does not know of the incident that these pages tell."""
    made = Update(
        incident=incident(*pages),
        told=told or Told(),
        now=NOW,
        pages={str(seq): one_page for seq, one_page in enumerate(pages, 1)},
    )
    return replace(made, **changes)
