"""The environments, one frozen value each. This is the file that a team edits first.

Secrets are named here, never held: create them in Secrets Manager before the first deployment (docs/deploying.md).
"""

from dataclasses import dataclass, field, replace

from aws_cdk import Duration, RemovalPolicy

from endpointwatch import DataCapture, Objectives, Ownership, Route, Severity

INBOX_URL = "http://127.0.0.1:4580"
"""Where the sandbox's inbox listens unless `-c inbox=URL` says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What serves.

    Args:
        repository: ECR repository of the serving image, in the account that is deployed to.
        tag: tag of the image.
        data_url: `s3://` URL of the weights; None when the image carries them.
        variables: environment of the container; no secrets.
    """

    repository: str
    tag: str
    data_url: str | None = None
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint.

    Args:
        name: its name; part of its stack's name.
        objectives: what it promises.
        instance_type: such as `ml.g5.xlarge`.
        instance_count: instances to start with.
        model: what it serves; None when somebody else deploys it, and it is only watched.
        data_capture: what of inputs and outputs is kept; None keeps nothing.
    """

    name: str
    objectives: Objectives
    instance_type: str
    instance_count: int = 1
    model: Model | None = None
    data_capture: DataCapture | None = DataCapture()


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Where pages go; what is None is left out, but something must stay.

    Args:
        pagerduty_secret: name of the secret that holds the routing key.
        slack_secret: name of the secret that holds the bot token.
        slack_channel: id of the channel.
        email: addresses; they take the digest of what only informs, and what PagerDuty or Slack fail to take.
        webhook_url: a server of your own.
        webhook_secret: name of the secret that holds the key of its signature.
        operators: addresses of those who are told when the routing itself fails.
        routes: who is told of what; `AlertRouting` says what happens when they are left out.
        settle: how long all must be well until an incident is over.
        remind: tells again what stays open for so long; never when None.
        heartbeat: how often the way to each sink is proved.
        pagerduty_api_url, slack_api_url: other service regions.
    """

    pagerduty_secret: str | None = None
    slack_secret: str | None = None
    slack_channel: str | None = None
    email: tuple[str, ...] = ()
    webhook_url: str | None = None
    webhook_secret: str | None = None
    operators: tuple[str, ...] = ()
    routes: tuple[Route, ...] | None = None
    settle: Duration = Duration.minutes(5)
    remind: Duration | None = None
    heartbeat: Duration = Duration.minutes(5)
    pagerduty_api_url: str = "https://events.pagerduty.com"
    slack_api_url: str = "https://slack.com/api"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything that differs between environments.

    Args:
        name: such as `prod`.
        endpoints: what serves, or exists; each gets a stack of its own.
        ownership: team and runbook.
        pages: where pages go.
        termination_protection: whether CloudFormation refuses to delete the stacks.
        removal_policy: what becomes of data when a stack is deleted.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    ownership: Ownership
    pages: Pages
    termination_protection: bool = False
    removal_policy: RemovalPolicy = RemovalPolicy.DESTROY


def _environments(inbox_url: str) -> dict[str, Environment]:
    ranker = Endpoint(
        name="ranker",
        # Nobody calls a development endpoint at night.
        objectives=Objectives(latency_p99=Duration.millis(500), availability=0.99, silence=None),
        instance_type="ml.g5.xlarge",
        model=Model(repository="endpointwatch/magika", tag="1.0.3"),
    )
    owner = Ownership(team="ml-platform", runbook="https://wiki.example.com/runbooks/ranker")
    dev = Environment(
        name="dev",
        endpoints=(ranker,),
        ownership=owner,
        pages=Pages(slack_secret="endpointwatch/dev/slack-bot-token", slack_channel="C0000000DEV"),
    )
    staging = Environment(
        name="staging",
        endpoints=(
            replace(ranker, objectives=Objectives(latency_p99=Duration.millis(250), availability=0.995, silence=None)),
        ),
        ownership=owner,
        pages=Pages(slack_secret="endpointwatch/staging/slack-bot-token", slack_channel="C00000STAGING"),
    )
    prod = Environment(
        name="prod",
        endpoints=(
            replace(
                ranker,
                objectives=Objectives(latency_p99=Duration.millis(200), availability=0.999),
                instance_type="ml.g5.2xlarge",
                instance_count=2,
            ),
        ),
        ownership=owner,
        pages=Pages(
            pagerduty_secret="endpointwatch/prod/pagerduty-routing-key",
            slack_secret="endpointwatch/prod/slack-bot-token",
            slack_channel="C0000000PROD",
            email=("ml-platform-oncall@example.com",),
            operators=("ml-platform@example.com",),
        ),
        termination_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    local = Environment(
        name="local",
        endpoints=(replace(ranker, objectives=Objectives(latency_p99=Duration.millis(500), availability=0.999)),),
        ownership=owner,
        pages=Pages(
            pagerduty_secret="endpointwatch/local/pagerduty-routing-key",
            slack_secret="endpointwatch/local/slack-bot-token",
            slack_channel="C0SANDBOX01",
            email=("oncall@example.com",),
            webhook_url=f"{inbox_url}/webhook/alerts",
            webhook_secret="endpointwatch/local/webhook-secret",
            operators=("operators@example.com",),
            # As by default, but nobody waits an hour for a digest in a sandbox.
            routes=(
                Route(sinks=("webhook",), go_on=True),
                Route(severities=frozenset({Severity.CRITICAL}), sinks=("pagerduty", "slack")),
                Route(severities=frozenset({Severity.WARNING}), sinks=("slack",)),
                Route(severities=frozenset({Severity.INFO}), sinks=("slack", "email"), digest=Duration.seconds(20)),
            ),
            # By the functions' own clock, while the sandbox's runs faster.
            settle=Duration.seconds(15),
            heartbeat=Duration.minutes(5),
            pagerduty_api_url=f"{inbox_url}/pagerduty",
            slack_api_url=f"{inbox_url}/slack/api",
        ),
    )
    return {environment.name: environment for environment in (dev, staging, prod, local)}


def choose(name: object, *, inbox_url: str = INBOX_URL) -> Environment:
    """The environment called `name`.

    Raises:
        ValueError: there is none; the message lists those that are there.
    """
    environments = _environments(inbox_url)
    if name is None:
        raise ValueError(f"env: not given; add -c env=NAME with one of {', '.join(environments)}")
    if name not in environments:
        raise ValueError(f"env: {name!r} does not exist; choose one of {', '.join(environments)}")
    return environments[str(name)]


def stack_name(purpose: str, environment: Environment, *, of: str = "") -> str:
    """Such as `EndpointwatchServingRankerProd`; stays, because renaming a stack means making it anew.

    Args:
        purpose: such as `Serving`.
        environment: the environment.
        of: name of the endpoint, for a stack that has one.
    """
    endpoint = "".join(word[:1].upper() + word[1:] for word in of.split("-"))
    return f"Endpointwatch{purpose}{endpoint}{environment.name.title()}"
