"""What CloudWatch sends when an alarm changes its state: SNS message, Lambda payload, EventBridge event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from botocore.loaders import Loader

from alarmlab.engine.reasons import timestamp

Values = dict[str, Any]
_SUBJECT_CHARACTERS = 100
_STATISTICS = {"SampleCount": "SAMPLE_COUNT"}


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A state that an alarm went into, and the one it came from.

    Args:
        alarm: the alarm as stored, already in its new state.
        state: the new state: value, reason, timestamp, and reasonData and actionsSuppressedBy where there are any.
        previous: the state before, likewise.
        at: sandbox time of the transition, Unix seconds.
        after_mute: whether its actions run late, after the window of a mute rule.
    """

    alarm: Mapping[str, Any]
    account: str
    region: str
    state: Values
    previous: Values
    at: float
    after_mute: bool = False


@cache
def region_name(region: str) -> str:
    """The long name that CloudWatch writes, such as `US East (N. Virginia)`."""
    for partition in Loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def subject(transition: Transition) -> str:
    """The subject of the SNS message."""
    name = transition.alarm["AlarmName"]
    return f'{transition.state["value"]}: "{name}" in {region_name(transition.region)}'[:_SUBJECT_CHARACTERS]


def sns_message(transition: Transition) -> str:
    """The JSON text that an SNS topic gets."""
    alarm = transition.alarm
    message: Values = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": transition.account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": transition.state["value"],
        "NewStateReason": transition.state["reason"],
        "StateChangeTime": timestamp(transition.at),
        "Region": region_name(transition.region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": transition.previous["value"],
        "OKActions": alarm.get("OKActions") or [],
        "AlarmActions": alarm.get("AlarmActions") or [],
        "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
    }
    if transition.after_mute:
        message["ActionExecutedAfterMuteWindow"] = True
    if "AlarmRule" in alarm:
        message |= {"AlarmRule": alarm["AlarmRule"], "TriggeringChildren": _triggering_children(transition.state)}
    else:
        message["Trigger"] = _trigger(alarm)
    return json.dumps(message)


def lambda_payload(transition: Transition) -> Values:
    """The event that a Lambda function gets as a direct action of an alarm."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": transition.alarm["AlarmArn"],
        "accountId": transition.account,
        "time": timestamp(transition.at),
        "region": transition.region,
        "alarmData": detail(transition),
    }


def detail(transition: Transition) -> Values:
    """`detail` of the EventBridge event "CloudWatch Alarm State Change"."""
    alarm = transition.alarm
    configuration: Values = {}
    if alarm.get("AlarmDescription"):
        configuration["description"] = alarm["AlarmDescription"]
    if "AlarmRule" in alarm:
        configuration["alarmRule"] = alarm["AlarmRule"]
        if alarm.get("ActionsSuppressor"):
            configuration |= {
                "actionsSuppressor": alarm["ActionsSuppressor"],
                "actionsSuppressorWaitPeriod": alarm["ActionsSuppressorWaitPeriod"],
                "actionsSuppressorExtensionPeriod": alarm["ActionsSuppressorExtensionPeriod"],
            }
    else:
        configuration["metrics"] = _event_metrics(alarm)
    return {
        "alarmName": alarm["AlarmName"],
        "state": transition.state,
        "previousState": transition.previous,
        "configuration": configuration,
    }


def _triggering_children(state: Values) -> list[Values]:
    alarms = json.loads(state.get("reasonData") or "{}").get("triggeringAlarms", [])
    return [
        {"Arn": child["arn"], "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]}}
        for child in alarms
    ]


def _trigger(alarm: Mapping[str, Any]) -> Values:
    decision: Values = {"Period": _period(alarm), "EvaluationPeriods": alarm["EvaluationPeriods"]}
    if alarm.get("DatapointsToAlarm"):
        decision["DatapointsToAlarm"] = alarm["DatapointsToAlarm"]
    decision |= {"ComparisonOperator": alarm["ComparisonOperator"]}
    decision |= {member: alarm[member] for member in ("Threshold", "ThresholdMetricId") if member in alarm}
    decision |= {
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    if alarm.get("Metrics"):
        return decision | {"Metrics": [_sns_query(query) for query in alarm["Metrics"]]}
    metric: Values = {"MetricName": alarm["MetricName"], "Namespace": alarm["Namespace"]}
    if alarm.get("ExtendedStatistic"):
        metric |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm["ExtendedStatistic"]}
    else:
        stat = alarm["Statistic"]
        metric |= {"StatisticType": "Statistic", "Statistic": _STATISTICS.get(stat, stat.upper())}
    metric |= {"Unit": alarm.get("Unit"), "Dimensions": _sns_dimensions(alarm.get("Dimensions"))}
    return metric | decision


def _period(alarm: Mapping[str, Any]) -> int:
    for query in alarm.get("Metrics") or []:
        if query.get("MetricStat") or query.get("Period"):
            return int((query.get("MetricStat") or query)["Period"])
    return int(alarm.get("Period") or 60)


def _sns_dimensions(dimensions: list[Values] | None) -> list[Values]:
    return [{"value": item["Value"], "name": item["Name"]} for item in dimensions or []]


def _sns_query(query: Values) -> Values:
    written: Values = {key: query[key] for key in ("Expression", "Id", "Label", "Period") if query.get(key)}
    if query.get("MetricStat"):
        stat = query["MetricStat"]
        metric = stat["Metric"]
        written["MetricStat"] = {
            "Metric": {
                "Dimensions": _sns_dimensions(metric.get("Dimensions")),
                "MetricName": metric["MetricName"],
                "Namespace": metric["Namespace"],
            },
            "Period": stat["Period"],
            "Stat": stat["Stat"],
        }
    return written | {"ReturnData": query.get("ReturnData", True)}


def _event_metrics(alarm: Mapping[str, Any]) -> list[Values]:
    if alarm.get("Metrics"):
        return [_event_query(query) for query in alarm["Metrics"]]
    stat = {
        "metric": _event_metric(alarm),
        "period": _period(alarm),
        "stat": alarm.get("ExtendedStatistic") or alarm["Statistic"],
    }
    return [{"id": str(uuid5(NAMESPACE_URL, alarm["AlarmArn"])), "metricStat": stat, "returnData": True}]


def _event_metric(metric: Mapping[str, Any]) -> Values:
    dimensions = {item["Name"]: item["Value"] for item in metric.get("Dimensions") or []}
    return {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}


def _event_query(query: Values) -> Values:
    written: Values = {key.lower(): query[key] for key in ("Id", "Expression", "Label", "Period") if query.get(key)}
    if query.get("MetricStat"):
        stat = query["MetricStat"]
        written["metricStat"] = {
            "metric": _event_metric(stat["Metric"]),
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    return written | {"returnData": query.get("ReturnData", True)}
