"""The stacks of the app; composition only."""
