"""Dashboards as JSON."""
