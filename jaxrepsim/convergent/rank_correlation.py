"""Whether two similarities put pairs of units in the same order."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float


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
    if np.shape(a) != np.shape(b):
        raise ValueError(f"a and b must have the same shape, received {np.shape(a)} and {np.shape(b)}")
    for name, values in (("a", a), ("b", b)):
        dtype = jnp.result_type(values)
        if not jnp.issubdtype(dtype, jnp.floating):
            raise TypeError(f"{name} must hold real floating numbers, not {dtype}")
        if not isinstance(values, Tracer) and np.isnan(np.asarray(values)).any():
            place = tuple(np.argwhere(np.isnan(np.asarray(values)))[0].tolist())
            raise ValueError(f"{name} is not a number at {place}: it has no rank")
    return _spearman(jnp.asarray(a), jnp.asarray(b))


@jax.jit
def _spearman(a: Float[Array, "*shape"], b: Float[Array, "*shape"]) -> Float[Array, ""]:
    dtype = jnp.result_type(jnp.float32, a, b)
    if not a.size:
        return jnp.zeros((), dtype)
    x, y = (_centred_ranks(side.ravel()).astype(dtype) for side in (a, b))
    norms = jnp.sqrt(jnp.sum(x * x)) * jnp.sqrt(jnp.sum(y * y))
    found = jnp.where(norms > 0, jnp.clip(jnp.sum(x * y) / jnp.where(norms > 0, norms, 1), -1, 1), 0)
    return jnp.where(jnp.isnan(a).any() | jnp.isnan(b).any(), jnp.nan, found)


def _centred_ranks(values: Float[Array, "n"]) -> Float[Array, "n"]:
    """Ranks with ties at their mean, less the mean of all, over half the number of values: in (−1, 1)."""
    n = values.size
    order = jnp.argsort(values)
    ascending = values[order]
    place = jnp.arange(n)
    step = ascending[1:] != ascending[:-1]
    first = jax.lax.cummax(jnp.where(jnp.concatenate([jnp.ones(1, bool), step]), place, 0))
    last = jax.lax.cummin(jnp.where(jnp.concatenate([step, jnp.ones(1, bool)]), place, n - 1), reverse=True)
    # Whole numbers up to here: n entries are ranked without rounding.
    return jnp.zeros(n).at[order].set((first + last - (n - 1)) / n)
