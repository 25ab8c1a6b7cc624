"""What has no gradient says so."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax

SEARCHED = (
    "matches are sets of units, and critical ε are found by a search: they have no gradient. "
    "Differentiate jaxrepsim.residuals(x, y), or use jax.lax.stop_gradient on what goes in here"
)


def without_gradient(function: Callable, message: str = SEARCHED) -> Callable:
    """The function, refusing to be differentiated in words, and not with an error from inside of a loop.

    Args:
        function: Of pytrees of arrays.
        message: What to do instead.
    """
    guarded = jax.custom_jvp(function)

    @guarded.defjvp
    def refuse(primals: Any, tangents: Any) -> Any:
        raise TypeError(message)

    return wraps(function)(guarded)
