"""Suites of alarm tests as pytest items."""
