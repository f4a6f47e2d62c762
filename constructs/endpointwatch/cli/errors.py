"""What the command says when it cannot go on."""

from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """One line for a person: what is wrong, and what to do."""


@contextmanager
def said_clearly() -> Iterator[None]:
    """Turns what botocore raises into one line.

    Raises:
        CommandError: no credentials, no permission, no such thing, no connection.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 is optional

    try:
        yield
    except ClientError as error:
        problem = error.response.get("Error", {})
        raise CommandError(f"{error.operation_name}: {problem.get('Message') or problem.get('Code')}") from error
    except BotoCoreError as error:
        raise CommandError(" ".join(str(error).split())) from error
