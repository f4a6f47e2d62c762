"""Reasons for what cdk-nag's AwsSolutions pack finds in our own constructs; without cdk-nag they are metadata that nobody reads."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Aws, CfnElement, Stack, Validations

from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Acknowledges rules of the AwsSolutions pack on `scope` and below, each for its reason.

    Args:
        scope: the construct.
        reasons: reason by rule, such as `AwsSolutions-S1` or `AwsSolutions-IAM5[Resource::*]`.
    """
    Validations.of(scope).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason) for rule, reason in reasons.items())
    )


def logical_id(construct: IConstruct) -> str:
    """The logical id of the resource behind an L2, by which cdk-nag names it in its findings."""
    resource = construct.node.default_child
    assert isinstance(resource, CfnElement)
    return Stack.of(construct).get_logical_id(resource)


def own_arn(service: str, resource: str) -> str:
    """ARN of a resource in the account and region that are deployed to.

    Always of pseudo parameters, also in a stack whose region is known: cdk-nag names what it finds by what is written here.
    """
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def own_arn_rule(service: str, resource: str) -> str:
    """The finding of cdk-nag about a wildcard in `own_arn(service, resource)`."""
    return f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}]"
