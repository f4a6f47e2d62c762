"""The role that a model container runs under: to pull its image, read its weights, log, and publish metrics."""

import re

from aws_cdk import Aws
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from constructs import Construct
from endpointwatch._nag import acknowledge, own_arn, own_arn_rule

_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)([:@].+)?"
)


def model_role(
    scope: Construct, id: str, *, image: str, repository: ecr.IRepository | None, model_data_url: str | None
) -> iam.Role:
    """A role with what SageMaker needs to run `image`, and nothing else.

    Raises:
        ValueError: the image is in no ECR repository that its URI names, and `repository` is not given.
    """
    role = iam.Role(
        scope,
        id,
        assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
        description="Runs a model container behind a SageMaker endpoint",
    )
    log_groups = "logs", "log-group:/aws/sagemaker/Endpoints/*"
    role.add_to_policy(
        iam.PolicyStatement(
            sid="Logs",
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            resources=[own_arn(*log_groups)],
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(
            sid="Metrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],  # the action knows no resources; the condition is its scope
            conditions={"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker*", "/aws/sagemaker/*"]}},
        )
    )
    role.add_to_policy(iam.PolicyStatement(sid="RegistryLogin", actions=["ecr:GetAuthorizationToken"], resources=["*"]))
    if repository is not None:
        repository.grant_pull(role)
    else:
        match = _ECR_IMAGE.fullmatch(image)
        if match is None:
            raise ValueError(
                f"image: {image!r} is no ECR image URI, so nothing can be granted on it; "
                "give repository=..., or a role= of your own"
            )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="Image",
                actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                resources=[
                    f"arn:{Aws.PARTITION}:ecr:{match['region']}:{match['account']}:repository/{match['repository']}"
                ],
            )
        )
    acknowledge(
        role,
        {
            "AwsSolutions-IAM5[Resource::*]": "PutMetricData and GetAuthorizationToken know no resources; "
            "the first is scoped by its namespace",
            own_arn_rule(*log_groups): "the group is named after the endpoint, which may have no name yet",
        },
    )
    if model_data_url is not None:
        path = model_data_url.removeprefix("s3://")
        role.add_to_policy(
            iam.PolicyStatement(sid="Weights", actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{path}"])
        )
    return role
