"""What a deployment may set on the model through environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one model container.

    Args:
        model_passes: forward passes a request costs (test-time augmentation), 1 to 1000.
        max_input_bytes: larger inputs make the handler fail; None takes any size.
    """

    model_passes: int = 1
    max_input_bytes: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read `MODEL_PASSES` and `MAX_INPUT_BYTES`.

        Raises:
            ValueError: one line naming the variable, its value and what it may hold.
        """
        passes = _whole_number(environment, "MODEL_PASSES", at_most=1000)
        return cls(
            model_passes=1 if passes is None else passes,
            max_input_bytes=_whole_number(environment, "MAX_INPUT_BYTES", at_most=2**31),
        )


def _whole_number(environment: Mapping[str, str], name: str, *, at_most: int) -> int | None:
    text = environment.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= at_most):
        raise ValueError(f"{name}: {text!r} is not a whole number from 1 to {at_most}; set another or leave it out")
    return int(text)
