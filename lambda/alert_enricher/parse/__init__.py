"""Every message shape that arrives, turned into alerts. Nothing here raises: what is not understood stays raw."""

from alert_enricher.parse.message import parse

__all__ = ["parse"]
