"""What a model's role may do with what is captured: write it."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from endpointwatch._nag import acknowledge, logical_id

CAPTURED = "captured"
"""Prefix of what is captured."""


def allow_capture(role: iam.IRole, *, bucket: s3.Bucket, encryption_key: kms.IKey) -> None:
    """Allows a model's `role` to write what is captured, and nothing else of the bucket."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            sid="Capture", actions=["s3:PutObject"], resources=[bucket.arn_for_objects(f"{CAPTURED}/*")]
        )
    )
    role.add_to_principal_policy(
        iam.PolicyStatement(
            sid="CaptureKey", actions=["kms:GenerateDataKey", "kms:Decrypt"], resources=[encryption_key.key_arn]
        )
    )
    acknowledge(
        role,
        {
            f"AwsSolutions-IAM5[Resource::<{logical_id(bucket)}.Arn>/{CAPTURED}/*]": "SageMaker chooses the keys below the prefix",
        },
    )
