"""Suites of alarm tests: YAML in the spirit of promtool's, run against the alarms of an assembly.

- `read`: a file into a `Suite`, every error with its line (`document`, `notation`, `series`, `expectations`).
- `run`: the tests of a suite into `Result`s (`bind`, `checks`, `coverage`).
- `figure` and `picture`, `terminal`, `junit`, `as_json`: results for people and for machines.
"""
