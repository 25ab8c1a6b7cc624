"""The same computation for every draw of a null."""

from collections.abc import Callable
from typing import Any

import jax

from jaxrepsim._typing import Array, Key
from jaxrepsim.matching.side_by_side import side_by_side


def for_each_draw(function: Callable[[Array], Any], key: Key[Array, ""], draws: int, nbytes: int) -> Any:
    """The function of `draws` keys.

    Args:
        function: Of one key.
        key: Split into one for each draw.
        draws: How many; static.
        nbytes: What one draw takes, in bytes.

    Returns:
        What the function gives, stacked.

    Raises:
        ValueError: No draw at all.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, received {draws}")
    return side_by_side(function, jax.random.split(key, draws), nbytes)
