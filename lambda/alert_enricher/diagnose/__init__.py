"""The likeliest cause of an alert, by named rules over what was gathered around it."""

from alert_enricher.diagnose.table import diagnose

__all__ = ["diagnose"]
