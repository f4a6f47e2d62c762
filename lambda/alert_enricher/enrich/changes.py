"""What somebody did to the endpoint lately: deployments, and what they set by hand. From CloudTrail."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from alert_common.alert import Alert, Resource
from alert_common.context import Change, Endpoint, Missing
from alert_enricher.enrich import cloudtrail as history
from alert_enricher.enrich.cloudtrail import Event
from alert_enricher.enrich.finding import Finding, reason

LATELY = timedelta(hours=24)
AFTERWARDS = timedelta(minutes=5)
"""What came so shortly after it began may still be its cause: a breach is dated by the start of its period."""
FORMER = timedelta(days=30)
"""How far back the configuration is looked for that was replaced; CloudTrail keeps 90 days."""
MOST = 10
CONFIGURATION = "configuration changes"

_AUTOSCALING = "application-autoscaling.amazonaws.com"


def deployments(alert: Alert, resource: Resource, cloudtrail: Any, until: float) -> Finding:
    """Return the updates of the last day, each with the configuration that it replaced."""
    began = alert.since or alert.at
    events = history.lookup(
        "UpdateEndpoint",
        start=began - FORMER,
        end=alert.at + AFTERWARDS,
        region=alert.region,
        cloudtrail=cloudtrail,
        until=until,
    )
    own = [e for e in events if e.asked.get("endpointName") == resource.name and e.asked.get("endpointConfigName")]
    former = [str(e.asked["endpointConfigName"]) for e in own[1:]] + [""]
    found = (
        Change(
            at=event.at,
            what=f"endpoint updated to config {event.asked['endpointConfigName']}",
            who=event.who,
            kind="deployment",
            before=before,
            after=str(event.asked["endpointConfigName"]),
        )
        for event, before in zip(own, former, strict=False)
        if event.at >= began - LATELY
    )
    return Finding(values={"changes": tuple(found)[:MOST]})


def configuration(
    alert: Alert, resource: Resource, cloudtrail: Any, described: Callable[[], Endpoint | None], until: float
) -> Finding:
    """Return what was set by hand in the last day: capacities, weights, scaling, the model deleted, the configuration made.

    Args:
        alert: what fires.
        resource: the endpoint.
        cloudtrail: client.
        described: waits for the endpoint, whose model and configuration others may touch; None where it is not known.
        until: when nobody waits any longer; what was found by then is returned, and the rest is named as missing.
    """
    began = alert.since or alert.at
    found: list[Change] = []
    endpoint = described()
    for name, read in _READERS.items():
        try:
            events = history.lookup(
                name,
                start=began - LATELY,
                end=alert.at + AFTERWARDS,
                region=alert.region,
                cloudtrail=cloudtrail,
                until=until,
            )
        except Exception as error:
            missing = Missing(what=CONFIGURATION, why=reason(error))
            return Finding(values={"changes": tuple(found)} if found else {}, missing=(missing,))
        changed = ((event, read(event.asked, resource, endpoint)) for event in events if event.at >= began - LATELY)
        found += [_change(event, what) for event, what in changed if what and event.by_service != _AUTOSCALING]
    return Finding(values={"changes": tuple(sorted(found, key=lambda c: c.at, reverse=True)[:MOST])})


def _change(event: Event, what: str) -> Change:
    kind = "scaling" if event.name == "UpdateEndpointWeightsAndCapacities" else "configuration"
    return Change(at=event.at, what=what, who=event.who, kind=kind)


Asked = Mapping[str, Any]
Reader = Callable[[Asked, Resource, Endpoint | None], str]
"""Says what a request did to the endpoint; empty where it is about another."""


def _capacities(asked: Asked, resource: Resource, _: Endpoint | None) -> str:
    if asked.get("endpointName") != resource.name:
        return ""
    return ", ".join(
        f"{wanted.get('variantName', 'variant')} set to "
        + " and ".join(
            f"{word} {wanted[field]}"
            for field, word in (("desiredInstanceCount", "instances"), ("desiredWeight", "weight"))
            if field in wanted
        )
        for wanted in asked.get("desiredWeightsAndCapacities", ())
    )


def _policy(asked: Asked, resource: Resource, _: Endpoint | None) -> str:
    return f"scaling policy {asked.get('policyName', '')} set".replace("  ", " ") if _scales(asked, resource) else ""


def _limits(asked: Asked, resource: Resource, _: Endpoint | None) -> str:
    if not _scales(asked, resource):
        return ""
    limits = [
        f"{word} {asked[f]}" for f, word in (("minCapacity", "at least"), ("maxCapacity", "at most")) if f in asked
    ]
    return " ".join(["scaling limits set", *limits])


def _scales(asked: Asked, resource: Resource) -> bool:
    return str(asked.get("resourceId", "")).startswith(f"endpoint/{resource.name}/variant/")


def _deleted_model(asked: Asked, _: Resource, endpoint: Endpoint | None) -> str:
    is_its = endpoint is not None and endpoint.model and asked.get("modelName") == endpoint.model
    return f"model {asked['modelName']} deleted: new instances cannot start" if is_its else ""


def _made_config(asked: Asked, _: Resource, endpoint: Endpoint | None) -> str:
    name = asked.get("endpointConfigName")
    is_its = endpoint is not None and name and name in (endpoint.config, endpoint.pending_config)
    return f"endpoint config {name} created" if is_its else ""


_READERS: Mapping[str, Reader] = {
    "UpdateEndpointWeightsAndCapacities": _capacities,
    "RegisterScalableTarget": _limits,
    "PutScalingPolicy": _policy,
    "DeleteModel": _deleted_model,
    "CreateEndpointConfig": _made_config,
}
"""Calls that matter, the most telling first: there may be no time for all."""
