"""The bucket that captured inputs and outputs go to."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs import Construct
from endpointwatch._nag import acknowledge, logical_id

CAPTURED = "captured"
"""Prefix of what is captured."""


def capture_bucket(
    scope: Construct, id: str, *, encryption_key: kms.IKey, expire_after_days: int, removal_policy: RemovalPolicy
) -> s3.Bucket:
    """A private bucket: encrypted with `encryption_key`, TLS only, objects deleted after `expire_after_days`."""
    bucket = s3.Bucket(
        scope,
        id,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=encryption_key,
        bucket_key_enabled=True,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=Duration.days(expire_after_days), abort_incomplete_multipart_upload_after=Duration.days(1)
            )
        ],
        removal_policy=removal_policy,
    )
    acknowledge(
        bucket,
        {"AwsSolutions-S1": "written by SageMaker only; turn on CloudTrail data events where reads must be audited"},
    )
    return bucket


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
