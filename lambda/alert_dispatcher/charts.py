"""The charts that the enricher keeps in a bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common.redact import redact

logger = Logger()

PICTURE_SECONDS = 7 * 24 * 3600
"""How long PagerDuty may show a chart; a role's own credentials may end it sooner."""


@dataclass(frozen=True, kw_only=True)
class Charts:
    """Reads one bucket; without a bucket, or without a key, there is no chart."""

    bucket: str
    s3: Callable[[], Any]

    def read(self, key: str) -> bytes:
        """Return the PNG, empty when there is none."""
        return bytes(self.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()) if self.bucket and key else b""

    def address(self, key: str) -> str:
        """Return a signed web address of the PNG, empty when there is none or it cannot be signed."""
        if not self.bucket or not key:
            return ""
        place = {"Bucket": self.bucket, "Key": key}
        try:
            return str(self.s3().generate_presigned_url("get_object", Params=place, ExpiresIn=PICTURE_SECONDS))
        except Exception as error:
            logger.warning("chart has no address", extra={"error": redact(repr(error))})
            return ""
