"""The app that a team deploys: `cdk synth -c env=NAME`."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks import environments
from stacks.alerting import AlertingStack
from stacks.serving import ServingStack


def build(app: App) -> None:
    """Adds the stacks of the environment that the context names.

    Raises:
        ValueError: no environment, or one that does not exist.
    """
    environment = environments.choose(
        app.node.try_get_context("env"), inbox_url=app.node.try_get_context("inbox") or environments.INBOX_URL
    )
    alerting = AlertingStack(app, environments.stack_name("Alerting", environment), environment=environment)
    for endpoint in environment.endpoints:
        ServingStack(
            app,
            environments.stack_name("Serving", environment, of=endpoint.name),
            endpoint=endpoint,
            environment=environment,
            alerts=alerting.routing,
        )


def main() -> None:
    """Synthesizes; a wrong setting is one line on stderr and exit status 1."""
    app = App()
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        build(app)
    except (ValueError, TypeError) as error:
        sys.exit(f"endpointwatch: {error}")
    app.synth()


if __name__ == "__main__":
    main()
