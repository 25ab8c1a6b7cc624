"""What settings must satisfy, said in one sentence each."""

from collections.abc import Callable
from typing import Any

from jaxrepsim.errors import InputError

Requirement = tuple[str, str, Callable[[Any], bool]]
"""The name of a field, what it must be in words, and the test of its value."""


def require(settings: Any, *requirements: Requirement) -> None:
    """Checks the fields of a settings class.

    Args:
        settings: The instance.
        *requirements: What they must satisfy. A value of a type that the test cannot take does not pass it.

    Raises:
        InputError: Names the first field that does not pass, what it must be, and what was received.
    """
    for name, requirement, holds in requirements:
        value = getattr(settings, name)
        try:
            passes = holds(value)
        except TypeError:
            passes = False
        if not passes:
            raise InputError(f"{name} must be {requirement}; received {value!r}")
