"""What the alert functions may do: read about what fails, hand on, and nothing that changes an endpoint."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from endpointwatch._nag import acknowledge, logical_id, own_arn, own_arn_rule

CHARTS = "charts"
"""Prefix of the charts' keys."""


def allow(role: iam.IGrantable, sid: str, actions: list[str], resources: list[str]) -> None:
    """Allows `actions` on `resources`: the L2s' own grants hold wildcards that these functions do not need."""
    role.grant_principal.add_to_principal_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))


def allow_state(role: iam.IGrantable, *, table: dynamodb.ITable, encryption_key: kms.IKey) -> None:
    """Allows to read and to write single items of the table, and to use the key."""
    allow(
        role,
        "State",
        ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        [table.table_arn],
    )
    allow(role, "Key", ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], [encryption_key.key_arn])


def allow_charts(role: iam.Role, *, bucket: s3.Bucket, action: str) -> None:
    """Allows `action` on the charts."""
    allow(role, "Charts", [action], [bucket.arn_for_objects(f"{CHARTS}/*")])
    acknowledge(
        role,
        {
            f"AwsSolutions-IAM5[Resource::<{logical_id(bucket)}.Arn>/{CHARTS}/*]": "every alert gets a key of its own",
        },
    )


def allow_metrics(role: iam.Role, *, namespace: str) -> None:
    """Allows to put metrics into one namespace."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            sid="OwnMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        )
    )
    acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": "PutMetricData knows no resources, only the namespace"})


def allow_context(role: iam.Role) -> None:
    """Allows the enricher to read about whatever fails.

    What a cluster's Kubernetes API tells is the cluster's to allow: give the role an access entry there with
    `AmazonEKSViewPolicy`, and a cluster role that may get nodes. Without them pages name pods or nodes as missing.
    """
    alarms = "cloudwatch", "alarm:*"
    clusters = "eks", "cluster/*"
    endpoint_logs = "logs", "log-group:/aws/sagemaker/Endpoints/*"
    job_logs = [("logs", f"log-group:/aws/sagemaker/{kind}Jobs:*") for kind in ("Training", "Processing", "Transform")]
    endpoints = [("sagemaker", f"{kind}/*") for kind in ("endpoint", "endpoint-config", "model")]
    jobs = [("sagemaker", f"{kind}-job/*") for kind in ("training", "processing", "transform")]
    allow(role, "AlarmTags", ["cloudwatch:ListTagsForResource"], [own_arn(*alarms)])
    # DescribeAlarms shows no composite alarm to whoever may not describe all; the others know no resources.
    allow(
        role,
        "Metrics",
        ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricWidgetImage"],
        ["*"],
    )
    allow(role, "Changes", ["application-autoscaling:DescribeScalingActivities", "cloudtrail:LookupEvents"], ["*"])
    allow(
        role,
        "Endpoints",
        ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
        [own_arn(*endpoint) for endpoint in endpoints],
    )
    allow(
        role,
        "Jobs",
        ["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob", "sagemaker:DescribeTransformJob"],
        [own_arn(*job) for job in jobs],
    )
    allow(role, "EndpointLogs", ["logs:FilterLogEvents"], [own_arn(*endpoint_logs)])
    allow(role, "JobLogs", ["logs:DescribeLogStreams", "logs:GetLogEvents"], [own_arn(*group) for group in job_logs])
    allow(role, "Clusters", ["eks:DescribeCluster"], [own_arn(*clusters)])
    others = "read only; any endpoint, job or cluster of the account may alarm through these topics, also one of another stack"
    wide = (alarms, clusters, endpoint_logs, *job_logs, *endpoints, *jobs)
    acknowledge(
        role,
        {
            "AwsSolutions-IAM5[Resource::*]": "GetMetricData, GetMetricWidgetImage, DescribeScalingActivities and LookupEvents "
            "know no resources, and DescribeAlarms shows no composite alarm to whoever may not describe all",
            **{own_arn_rule(*resource): others for resource in wide},
        },
    )
