"""Which command stands for a container image."""

import re
import sys

from sandbox.aws.sagemaker.errors import invalid

_COMMANDS: dict[str, tuple[str, ...]] = {"endpointwatch/magika": (sys.executable, "-m", "sandbox.model")}


def command_for(image: str) -> tuple[str, ...]:
    """The command that serves the SageMaker container contract for `image`; `--port P` is appended to it.

    Registry, tag and digest do not matter: `000000000000.dkr.ecr.us-east-1.amazonaws.com/endpointwatch/magika:1` is
    `endpointwatch/magika`.

    Raises:
        ServiceError: no command stands for the image; the message names the images that have one.
    """
    repository = re.sub(r"(:[\w.-]+)?(@sha256:[0-9a-f]+)?$", "", image)
    for name, command in _COMMANDS.items():
        if repository == name or repository.endswith(f"/{name}"):
            return command
    raise invalid(f"image {image}: the sandbox cannot run it; it runs {', '.join(sorted(_COMMANDS))}")
