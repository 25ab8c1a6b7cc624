"""The same search for many units: one after the other, or side by side, as the hardware has it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Int

CHUNK_BYTES = 2**30
"""What the searches that go side by side on an accelerator may take."""


def side_by_side(search: Callable, arguments: Any, each: int, count: Int[Array, ""] | int | None = None) -> Any:
    """`search` for every row of the arguments.

    Args:
        search: Takes one row of each.
        arguments: A pytree of arrays, batched along the first axis.
        each: Bytes that one search works on.
        count: How many rows there are, where those after them are padding; the results of these mean nothing.

    Returns:
        The results, stacked. One after the other on a CPU, where that is fastest; elsewhere in chunks that fit in
        memory.
    """
    chunk = max(1, CHUNK_BYTES // max(each, 1))

    def one_by_one(arguments: Any) -> Any:
        if count is None:
            return jax.lax.map(search, arguments)

        def put(row: Array, results: Any) -> Any:
            found = search(jax.tree.map(lambda a: a[row], arguments))
            return jax.tree.map(lambda all_, one: all_.at[row].set(one), results, found)

        rows = len(jax.tree.leaves(arguments)[0])
        shapes = jax.eval_shape(search, jax.tree.map(lambda a: a[0], arguments))
        empty = jax.tree.map(lambda shape: jnp.zeros((rows, *shape.shape), shape.dtype), shapes)
        return jax.lax.fori_loop(0, count, put, empty)

    if jax.default_backend() == "cpu":  # the other way need not even be traced
        return one_by_one(arguments)
    return jax.lax.platform_dependent(
        arguments,
        cpu=one_by_one,
        default=lambda arguments: jax.lax.map(search, arguments, batch_size=chunk),
    )
