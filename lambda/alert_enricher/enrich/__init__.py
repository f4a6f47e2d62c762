"""What is known around an alert, gathered from AWS side by side under one deadline."""

from alert_enricher.enrich.gather import Gathering, begin, in_short
from alert_enricher.enrich.identify import identify

__all__ = ["Gathering", "begin", "identify", "in_short"]
