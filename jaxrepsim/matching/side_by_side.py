"""The same search for many units: one after the other, or side by side, as the hardware has it."""

from collections.abc import Callable
from typing import Any

import jax

CHUNK_BYTES = 2**30
"""What the searches that go side by side on an accelerator may take."""


def side_by_side(search: Callable, arguments: Any, each: int) -> Any:
    """`search` for every row of the arguments.

    Args:
        search: Takes one row of each.
        arguments: A pytree of arrays, batched along the first axis.
        each: Bytes that one search works on.

    Returns:
        The results, stacked. One after the other on a CPU, where that is fastest; elsewhere in chunks that fit in
        memory.
    """
    chunk = max(1, CHUNK_BYTES // max(each, 1))
    return jax.lax.platform_dependent(
        arguments,
        cpu=lambda arguments: jax.lax.map(search, arguments),
        default=lambda arguments: jax.lax.map(search, arguments, batch_size=chunk),
    )
