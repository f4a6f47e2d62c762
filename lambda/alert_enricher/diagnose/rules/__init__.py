"""One module a rule; `table.py` has their order."""
