"""What goes wrong because of the input: one line that names the place, the value and the fix."""


class InputError(ValueError):
    """Input that is wrong: a template, a suite, a recording, a setting."""


class UnsupportedError(InputError):
    """Input that CloudWatch may take and that is not evaluated here: refused by name, never guessed."""
