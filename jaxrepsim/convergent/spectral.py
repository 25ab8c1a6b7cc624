"""Many to many: the units of both networks in clusters, by the spectrum of the graph of their similarities."""

from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Key
from jaxrepsim.convergent.graph import check_graph
from jaxrepsim.convergent.k_means import best_start
from jaxrepsim.convergent.statistics import Moments, correlations
from jaxrepsim.numerics.buckets import cut, padded, width_bucket
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.inputs import as_array, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale


def joint_graph(moments: Moments) -> Float[Array, "n n"]:
    """The graph of all units of all networks: between the networks and within each.

    The weight of an edge is the positive part of the correlation, max(r, 0), of two different units. Two units that are
    anti-correlated are not alike here: after a ReLU they are active on different inputs. Constant units have no edge.

    Args:
        moments: Of two networks, or any number of them.

    Returns:
        (n, n), in [0, 1], symmetric, with a zero diagonal; n the units of all networks, one network after the other.

    Source: Li et al. 2015 (arXiv:1511.07543), the joint matrix of between-net and within-net similarities.

    >>> from jaxrepsim.convergent import moments
    >>> x = jnp.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])
    >>> joint_graph(moments.of(x, x[:, :1])).round(3).tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    return in_numpy(_graph, moments)


def _graph(xp: ModuleType, state: Moments) -> Any:
    found = correlations(xp, state)
    return xp.where(xp.eye(found.shape[-1], dtype=bool), 0, xp.maximum(found, 0)).astype(found.dtype)


def spectral_clusters(similarity: ArrayLike, k: int, key: Key[Array, ""]) -> Int[Array, "n"]:
    """Clusters of units that are alike among themselves, and little alike to others.

    With the weights S, S_ii = 0, and the degrees d = S 1, D = diag(d), the normalised Laplacian is
    L = I − D^{-1/2} S D^{-1/2}. Unit i is the point d_i^{-1/2} (v_1i, ..., v_ki), where v_1, ..., v_k are the
    eigenvectors of L of the least eigenvalues; the points are clustered by `k_means`. D^{-1/2} v is an eigenvector of
    the random walk on the graph, so that the point of a unit is the mean of the points it has edges to, by weight,
    stretched by 1/(1 − eigenvalue) along each axis: units of large and small degree are treated alike. So does
    scikit-learn; Ng, Jordan and Weiss scale every row of v to norm 1 instead, which finds the same clusters where
    there are any. This relaxes the normalised cut, Σ over clusters of (weight that leaves it) / (its degrees).

    A unit with no edge at all, such as a dead one, is isolated: it is in no cluster and changes nothing for the others.

    The time is that of one symmetric eigendecomposition, O(n³), and of k-means in k dimensions.

    Args:
        similarity: (n, n), symmetric and not negative; its diagonal and its scale do not matter.
        k: How many clusters; static. See `laplacian_spectrum` for a choice.
        key: Of the starts of k-means. The same key gives the same labels.

    Returns:
        (n,), the cluster of each unit, numbered by first appearance; −1 for an isolated unit. With fewer than k units
        that are not isolated, the last clusters are empty. Where the graph falls into more than k components, which of
        them are put together is not determined. Units with a traced NaN or infinity in their row count as isolated.

    Raises:
        TypeError: A similarity that is not of real floating numbers.
        ValueError: A similarity that is not square, k below 1 or above n; or a concrete similarity that is not finite,
            negative or not symmetric.

    Source: Li et al. 2015 (arXiv:1511.07543), many-to-many alignment; Shi and Malik 2000, IEEE Trans. Pattern Anal.
    Mach. Intell. 22 (the scaling); von Luxburg 2007, A tutorial on spectral clustering, Stat. Comput. 17.

    >>> similarity = jnp.array([[0.0, 0.1, 0.8, 0.0], [0.1, 0.0, 0.0, 0.0], [0.8, 0.0, 0.0, 0.0], [0.0] * 4])
    >>> spectral_clusters(jnp.kron(jnp.eye(2), similarity), 2, jax.random.key(0)).tolist()
    [0, 0, 0, -1, 1, 1, 1, -1]
    """
    check_graph(similarity, k)
    if traced(similarity, key):
        return _clusters(jnp.asarray(similarity), key, k)
    wide, units = _padded(similarity)
    return cut(_clusters(wide, key, k), (units,))


def laplacian_spectrum(similarity: ArrayLike) -> Float[Array, "n"]:
    """The eigenvalues of the normalised Laplacian, by which to choose the number of clusters.

    As many are 0 as the graph has components. Where the k-th is small and the next much larger (the eigengap), there
    are k clusters.

    Args:
        similarity: (n, n), symmetric and not negative; its diagonal and its scale do not matter.

    Returns:
        (n,), in [0, 2], in ascending order; then ∞ for each isolated unit.

    Raises:
        TypeError: A similarity that is not of real floating numbers.
        ValueError: A similarity that is not square, without a unit; or a concrete one that is not finite, negative or
            not symmetric.

    Source: von Luxburg 2007, A tutorial on spectral clustering, Stat. Comput. 17, sections 3.2 and 8.3.

    >>> pairs = jnp.kron(jnp.eye(2), jnp.ones((2, 2)))
    >>> jnp.abs(laplacian_spectrum(pairs)).round(3).tolist()
    [0.0, 0.0, 2.0, 2.0]
    """
    check_graph(similarity)
    if traced(similarity):
        return _spectrum(similarity)
    wide, units = _padded(similarity)
    return cut(_spectrum(wide), (units,))


def _padded(similarity: ArrayLike) -> tuple[Array | np.ndarray, int]:
    """With isolated units after the others, and the number of the others."""
    given = as_array(similarity)
    n = given.shape[0]
    return padded(given, (width_bucket(n),) * 2), n


STARTS = 10
"""Of k-means."""
_ISOLATED = 3.0
"""In the place of the eigenvalue of an isolated unit: above all that a normalised Laplacian has."""


class _Laplacian(NamedTuple):
    matrix: Float[Array, "n n"]
    root: Float[Array, "n"]
    """d^{-1/2}, up to the scale of the similarity; 0 for an isolated unit."""
    connected: Bool[Array, "n"]


def _laplacian(similarity: Float[Array, "n n"]) -> _Laplacian:
    given = similarity.astype(jnp.result_type(jnp.float32, similarity))
    # Exactly symmetric. Halved first: the sum of two large numbers could overflow.
    weights = jnp.where(jnp.eye(len(given), dtype=bool), 0.0, given / 2 + given.T / 2)
    connected = jnp.any(weights > 0, axis=1) & jnp.all(jnp.isfinite(weights), axis=1)
    edges = jnp.where(connected[:, None] & connected, weights, 0.0)
    edges = edges / binary_scale(edges.reshape(-1, 1))[0]
    degree = jnp.sum(edges, axis=1)
    connected = degree > 0  # not one whose every edge was to a unit with a NaN
    root = jnp.where(connected, jax.lax.rsqrt(jnp.where(connected, degree, 1.0)), 0.0)
    own = jnp.where(connected, 1.0, _ISOLATED).astype(edges.dtype)
    # One factor after the other: the product of two may overflow where each is a normal number.
    return _Laplacian(jnp.diag(own) - edges * root[:, None] * root, root, connected)


@partial(jax.jit, static_argnames="k")
@with_all_digits
def _clusters(similarity: Float[Array, "n n"], key: Key[Array, ""], k: int) -> Int[Array, "n"]:
    laplacian, root, connected = _laplacian(similarity)
    values, vectors = one_at_a_time(lambda matrix: tuple(jnp.linalg.eigh(matrix)), laplacian)
    points = jnp.where(values[:k] < (2 + _ISOLATED) / 2, vectors[:, :k], 0.0) * root[:, None]
    return best_start(points, connected, key, k, STARTS).labels


@jax.jit
def _spectrum(similarity: Float[Array, "n n"]) -> Float[Array, "n"]:
    values = one_at_a_time(lambda matrix: jnp.linalg.eigvalsh(matrix), _laplacian(similarity).matrix)
    return jnp.where(values < (2 + _ISOLATED) / 2, jnp.clip(values, 0, 2), jnp.inf)
