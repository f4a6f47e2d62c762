"""What is known around an alert, gathered from AWS side by side under one deadline."""

from alert_enricher.enrich.gather import enrich

__all__ = ["enrich"]
