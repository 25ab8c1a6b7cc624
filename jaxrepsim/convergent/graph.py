"""A similarity of units as a graph: what the two ways of clustering accept."""

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import ArrayLike
from jaxrepsim.numerics.inputs import as_array


def check_graph(similarity: ArrayLike, k: int = 1) -> None:
    """Refuses what is not the weights of a graph, or has fewer units than clusters are asked for.

    Args:
        similarity: (n, n), symmetric up to rounding and not negative; its diagonal does not matter. The values of a
            traced one are taken on trust.
        k: How many clusters are asked for.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Not square, k below 1 or above n; or a concrete similarity that is not finite, negative or not
            symmetric.
    """
    similarity = as_array(similarity)
    shape, dtype = similarity.shape, similarity.dtype
    if not jnp.issubdtype(dtype, jnp.floating):
        raise TypeError(f"a similarity must be of real floating numbers, not {dtype}; convert it first")
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"a similarity must have the shape (n, n), all units with all, not {shape}")
    if not 1 <= k <= shape[0]:
        raise ValueError(f"k must be at least 1 and at most the number of units, {shape[0]}; received {k}")
    if not isinstance(similarity, Tracer):
        _check_values(np.asarray(similarity), float(jnp.finfo(dtype).eps))


def _check_values(similarity: np.ndarray, eps: float) -> None:
    edges = np.where(np.eye(len(similarity), dtype=bool), 0, similarity).astype(np.float64)
    if not np.isfinite(edges).all():
        i, j = np.argwhere(~np.isfinite(edges))[0]
        raise ValueError(f"the similarity of unit {i} with unit {j} is {edges[i, j]}, not a finite number")
    if edges.min() < 0:
        i, j = np.unravel_index(np.argmin(edges), edges.shape)
        raise ValueError(
            f"the similarity of unit {i} with unit {j} is {edges[i, j]}, below 0; take the positive part, or the "
            "magnitude where that is meant"
        )
    apart = np.abs(edges - edges.T)
    if apart.max() > np.sqrt(eps) * edges.max():  # half of the digits: rounding never leaves so much
        i, j = np.unravel_index(np.argmax(apart), apart.shape)
        raise ValueError(
            f"a similarity must be symmetric; that of unit {i} with unit {j} is {edges[i, j]}, and of unit {j} with "
            f"unit {i} {edges[j, i]}"
        )
