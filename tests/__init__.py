"""The tests, in tiers: unit, integration, snapshot. A package, because one of the dependencies installs a `tests` of its own."""
