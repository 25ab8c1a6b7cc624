"""Whether two similarities put pairs of units in the same order."""

from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array


def rank_correlation(a: ArrayLike, b: ArrayLike) -> Float[Array, ""]:
    """Spearman's ρ: Pearson's correlation of the ranks of all entries, ties at the mean of their ranks.

    1 where b grows with a, on whatever scale: how far mutual information and correlation, over all pairs of units, say
    the same.

    Args:
        a: Any shape, such as (n_x, n_y).
        b: The same shape.

    Returns:
        ρ in [−1, 1]; 0 where all entries of one are equal, or there are none, as for the correlation of a constant
        unit. Within 10⁻⁵ in float32.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Shapes that differ, or a NaN. Traced values are taken on trust: NaN where one of them is.

    Source: Spearman 1904, The proof and measurement of association between two things, Am. J. Psychol. 15.

    >>> rank_correlation(jnp.array([0.1, 0.2, 0.9]), jnp.array([1.0, 4.0, 5.0])).round(4).item()
    1.0
    >>> rank_correlation(jnp.array([1.0, 1.0, 2.0]), jnp.array([3.0, 2.0, 1.0])).round(4).item()
    -0.86...
    """
    a, b = as_array(a), as_array(b)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape, received {a.shape} and {b.shape}")
    for name, values in (("a", a), ("b", b)):
        if not jnp.issubdtype(values.dtype, jnp.floating):
            raise TypeError(f"{name} must hold real floating numbers, not {values.dtype}")
        if not isinstance(values, Tracer) and np.isnan(np.asarray(values)).any():
            place = tuple(np.argwhere(np.isnan(np.asarray(values)))[0].tolist())
            raise ValueError(f"{name} is not a number at {place}: it has no rank")
    return in_numpy(_spearman, a, b)


def _spearman(xp: ModuleType, a: Any, b: Any) -> Any:
    dtype = jnp.result_type(jnp.float32, a, b)
    if not a.size:
        return xp.zeros((), dtype)
    x, y = (_centred_ranks(xp, side.ravel(), dtype) for side in (a, b))
    norms = xp.sqrt(xp.sum(x * x)) * xp.sqrt(xp.sum(y * y))
    found = xp.where(norms > 0, xp.clip(xp.sum(x * y) / xp.where(norms > 0, norms, 1), -1, 1), 0)
    return xp.where(xp.isnan(a).any() | xp.isnan(b).any(), xp.nan, found).astype(dtype)


def _centred_ranks(xp: ModuleType, values: Any, dtype: Any) -> Any:
    """Ranks with ties at their mean, less the mean of all, over half the number of values: in (−1, 1)."""
    n = values.size
    ascending = xp.sort(values)
    below, up_to = (xp.searchsorted(ascending, values, side=side) for side in ("left", "right"))
    # Whole numbers up to here: n entries are ranked without rounding.
    return (below + up_to - n).astype(dtype) / n
