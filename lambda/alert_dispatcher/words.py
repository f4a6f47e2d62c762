"""What is broken, in words: one short sentence for every kind of alert."""

from alert_common import tags
from alert_common.alert import Alert, Kind, State
from alert_common.page import Action, Page
from alert_common.units import unit_of
from alert_dispatcher.text import clock, figure, one_line, span

_BY_METRIC = {
    "Invocation5XXErrors": "errors",
    "InvocationModelErrors": "errors",
    "Invocation4XXErrors": "client-errors",
    "ModelLatency": "latency",
    "OverheadLatency": "overhead",
    "GPUUtilization": "gpu",
    "GPUMemoryUtilization": "gpu-memory",
    "CPUUtilization": "cpu",
    "MemoryUtilization": "memory",
    "DiskUtilization": "disk",
    "Invocations": "silence",
}
_BROKEN = {
    "errors": ("is failing", "{value} of requests end in {errors}"),
    "client-errors": ("refuses requests", "{value} of them are answered with 4xx"),
    "latency": ("is slow", "{statistic} latency is {value}"),
    "overhead": ("is slow outside the model", "SageMaker adds {value} to a request"),
    "gpu": ("is short of GPU", "{value} busy"),
    "gpu-memory": ("is short of GPU memory", "{value} used"),
    "cpu": ("is short of CPU", "{value} busy"),
    "memory": ("is short of memory", "{value} used"),
    "disk": ("is short of disk", "{value} used"),
    "gpu-idle": ("serves without its GPU", "{value} busy while requests come in"),
    "silence": ("gets no requests", ""),
}
_FINE = {
    "errors": "{value} of requests end in {errors}",
    "client-errors": "{value} of requests are answered with 4xx",
    "latency": "{statistic} latency is {value}",
    "overhead": "SageMaker adds {value} to a request",
    "gpu": "GPU {value} busy",
    "gpu-memory": "GPU memory {value} used",
    "cpu": "CPU {value} busy",
    "memory": "memory {value} used",
    "disk": "disk {value} used",
    "gpu-idle": "GPU {value} busy",
    "silence": "requests come in",
}
_STATUS = {
    "FAILED": "has failed",
    "OUT_OF_SERVICE": "is out of service",
    "ROLLING_BACK": "is rolling back its deployment",
    "UPDATE_ROLLBACK_FAILED": "could not roll back its deployment",
    "IN_SERVICE": "is in service",
    "CREATING": "is being created",
    "UPDATING": "is being updated",
    "SYSTEM_UPDATING": "is being updated by SageMaker",
    "DELETING": "is being deleted",
}


def subject(alert: Alert) -> str:
    """Name what the alert is about: the endpoint or job, else the alarm."""
    return alert.resource.name if alert.resource is not None else alert.name


def signal(page: Page) -> str:
    """Tell which golden signal the alert watches, empty for none of them."""
    metric = page.alert.metric
    resource = page.alert.resource
    endpoint = resource.name if resource is not None and resource.kind == "endpoint" else ""
    # Our alarms are named ENDPOINT/VARIANT/SIGNAL, which still tells when the tags could not be read.
    named = page.alert.name.rpartition("/")[2] if endpoint and page.alert.name.startswith(f"{endpoint}/") else ""
    for told in (page.context.tags.get(tags.SIGNAL, ""), named):
        if told in _BROKEN:
            return told
    if metric is None or metric.subject is None or resource is None or resource.kind != "endpoint":
        return ""
    found = _BY_METRIC.get(metric.subject.name, "")
    # Traffic that grows is not silence.
    return "" if found == "silence" and metric.comparison.startswith("Greater") else found


def headline(page: Page) -> str:
    """Say what is broken, what has recovered, or what happened, in one sentence without a full stop."""
    match page.action:
        case Action.RESOLVE:
            return recovered(page)
        case Action.NOTE:
            return f"{_name(page)}: no data since {clock(page.alert.at)}; the incident stays open"
        case _:
            return one_line(_broken(page))


def recovered(page: Page) -> str:
    """Say that it is over, after how long, and what it is like now."""
    after = f" after {span(page.alert.at - page.opened_at)}" if page.opened_at else ""
    metric = page.alert.metric
    # An end may come from missing data, or with a reason that still tells the worst points.
    fine = metric is None or metric.value is None or not metric.breaches(metric.value)
    now = _fill(_FINE.get(signal(page), ""), page) if fine else ""
    return one_line(f"{_name(page)} has recovered{after}{': ' if now else ''}{now}")


def value_text(page: Page) -> str:
    """Write the newest datapoint in the unit a person reads, empty without one."""
    metric = page.alert.metric
    if metric is None or metric.value is None:
        return ""
    unit = unit_of(metric, page.context.tags)
    return figure(metric.value * unit.scale, unit.name)


def _broken(page: Page) -> str:  # noqa: PLR0911 - one sentence a kind
    alert = page.alert
    known = _BROKEN.get(signal(page))
    if known and alert.state is State.ALARM:
        detail = _fill(known[1], page)
        return f"{subject(alert)} {known[0]}{': ' if detail else ''}{detail}"
    match alert.kind:
        case Kind.ENDPOINT | Kind.DEPLOYMENT:
            status, _, step = alert.status.partition(" ")
            words = _STATUS.get(status, f"is {status.lower().replace('_', ' ')}")
            return f"Endpoint {subject(alert)} {words}{f' ({step.lower()})' if step else ''}"
        case Kind.JOB:
            kind = (alert.resource.kind if alert.resource else "sagemaker-job").replace("-", " ").capitalize()
            return f"{kind} {subject(alert)} {'has ' if alert.status == 'Failed' else 'is '}{alert.status.lower()}"
        case Kind.HEALTH:
            about = alert.description.split(". ")[0] or alert.name
            return f"AWS Health, {subject(alert)}: {about}"
        case Kind.ASYNC_INFERENCE if alert.state is State.ALARM:
            return f"{subject(alert)}: an asynchronous invocation failed{f': {alert.description}' if alert.description else ''}"
        case Kind.ASYNC_INFERENCE:
            return f"{subject(alert)}: asynchronous inference notifications arrive"
        case Kind.ALARM_CONFIGURATION:
            # Only its end is told: nobody watches any more.
            return f"Alarm {alert.name} was deleted"
        case Kind.UNKNOWN:
            return f"{alert.name}: {alert.raw.strip() or '(empty)'}"
    return _alarm_sentence(page)


def _alarm_sentence(page: Page) -> str:
    alert, metric = page.alert, page.alert.metric
    value = value_text(page)
    if alert.description:
        about = alert.description.splitlines()[0]
        return about if subject(alert) in about or alert.name in about else f"{alert.name}: {about}"
    if metric is not None and metric.subject is not None and value:
        watched = metric.watched
        label = (watched.label if watched and watched.label else metric.subject.name) or "the metric"
        return f"{alert.name}: {label} is {value}"
    if alert.children:
        return f"{alert.name}: {', '.join(c.name for c in alert.children)}"
    return f"{alert.name}: {alert.reason}" if alert.reason else f"{alert.name} is in {alert.state}"


def _fill(pattern: str, page: Page) -> str:
    value = value_text(page)
    if "{value}" in pattern and not value:
        return ""
    metric = page.alert.metric
    watched = metric.subject if metric else None
    errors = {
        "InvocationModelErrors": "model errors",
        "Invocation5XXErrors": "server errors",
    }.get(watched.name if watched and metric and len([m for m in metric.metrics if "Errors" in m.name]) == 1 else "")
    return pattern.format(
        value=value,
        statistic=watched.statistic if watched and watched.statistic.startswith("p") else "average",
        errors=errors or "errors",
    )


def _name(page: Page) -> str:
    alert = page.alert
    known = signal(page)
    return subject(alert) if known or alert.kind in {Kind.ENDPOINT, Kind.DEPLOYMENT} else alert.name
