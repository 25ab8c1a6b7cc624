"""Small things that need no compiler: NumPy where the values are there."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim.numerics.inputs import on_device, on_host
from jaxrepsim.numerics.products import with_all_digits


def in_numpy(function: Callable, *arguments: Any, **static: Any) -> Any:
    """A function that is written for NumPy and for `jax.numpy` alike, by NumPy where all values are on the host.

    There it traces and compiles nothing, whatever the shapes. Where one is traced or elsewhere, it is one compiled
    program.

    Args:
        function: Takes the module, the arguments and what is static; defined at the top of a module, as programs are
            kept for it.
        *arguments: Pytrees of arrays.
        **static: What shapes may depend on; hashable.

    Returns:
        JAX arrays.

    >>> def square(xp, values, *, twice):
    ...     return xp.square(values) * (2 if twice else 1)
    >>> in_numpy(square, jnp.arange(3.0), twice=True).tolist()
    [0.0, 2.0, 8.0]
    """
    if not all(map(on_host, jax.tree.leaves(arguments))):
        return _compiled(function, tuple(static.items()), arguments)
    with np.errstate(all="ignore"):
        found = function(np, *jax.tree.map(np.asarray, arguments), **static)
    return jax.tree.map(lambda values: on_device(np.asarray(values)), found)


@partial(jax.jit, static_argnums=(0, 1))
@with_all_digits
def _compiled(function: Callable, static: tuple[tuple[str, Any], ...], arguments: tuple) -> Any:
    return function(jnp, *arguments, **dict(static))
