"""Buckets that nobody but us reads."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs import Construct
from endpointwatch._nag import acknowledge


def private_bucket(
    scope: Construct,
    id: str,
    *,
    encryption_key: kms.IKey,
    expire_after_days: int,
    removal_policy: RemovalPolicy,
    no_access_logs: str,
) -> s3.Bucket:
    """A bucket encrypted with `encryption_key`, TLS only, whose objects are deleted after `expire_after_days`.

    It keeps no access logs, for the reason given as `no_access_logs`.
    """
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
    acknowledge(bucket, {"AwsSolutions-S1": no_access_logs})
    return bucket
