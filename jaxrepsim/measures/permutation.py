"""One-to-one correlation."""

from types import ModuleType
from typing import Any

from jaxrepsim._typing import Array, Float
from jaxrepsim.convergent.assignment import bipartite_match
from jaxrepsim.measures.correlations import correlations
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.concrete import in_numpy


def permutation(x: Activations, y: Activations) -> Float[Array, ""]:
    """The mean correlation of units aligned one to one, as well as that can be.

    max_π Σ corr(xᵢ, y_π(i)) / min(n_x, n_y), no unit given to two (`jaxrepsim.convergent.bipartite_match`). It changes
    when units are rotated, which most other measures do not; units without a partner, where the numbers differ, do not
    count. The maximum over assignments makes it positive by chance.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A number in [−1, 1], mostly above 0; a constant unit counts 0. 0 where there are no units.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Li et al. 2015, Convergent Learning (arXiv:1511.07543), section 3.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (100, 5))
    >>> round(float(permutation(x, x[:, ::-1])), 4)
    1.0
    """
    found = correlations(x, y).between
    return in_numpy(_mean, found, bipartite_match(found))


def _mean(xp: ModuleType, similarity: Any, partner: Any) -> Any:
    n_x, n_y = similarity.shape
    if not n_x or not n_y:
        return xp.zeros((), similarity.dtype)
    values = xp.take_along_axis(similarity, xp.maximum(partner, 0)[:, None], axis=1)[:, 0]
    mean = xp.sum(xp.where(partner >= 0, values, 0)) / min(n_x, n_y)
    return xp.where(xp.isfinite(similarity).all(), mean, xp.nan).astype(similarity.dtype)
