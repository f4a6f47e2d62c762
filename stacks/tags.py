"""The tags that everything carries."""

from aws_cdk import Stack, Tags

from stacks.environments import Environment


def tag(stack: Stack, environment: Environment) -> None:
    """Tags everything in `stack` with what it is for and who answers for it."""
    Tags.of(stack).add("application", "endpointwatch")
    Tags.of(stack).add("environment", environment.name)
    if environment.ownership.team:
        Tags.of(stack).add("team", environment.ownership.team)
