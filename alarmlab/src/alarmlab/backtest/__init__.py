"""Recorded metrics through the alarms of an assembly: whom they would have told, when, and about what."""
