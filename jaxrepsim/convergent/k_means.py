"""k-means: points in k groups, each point in that of the nearest mean."""

import math
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Key
from jaxrepsim.numerics.buckets import cut, padded, size_bucket, width_bucket
from jaxrepsim.numerics.inputs import as_array, as_dtype, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale
from jaxrepsim.numerics.varying import varying_like

STEPS = 300
"""At which a start ends, if its labels have not come to rest before."""


class KMeans(NamedTuple):
    """Clusters of points. Leading axes are batches."""

    labels: Int[Array, "*batch n"]
    """The cluster of each point, numbered by first appearance; −1 for a point that does not count."""
    centres: Float[Array, "*batch k d"]
    """The mean of each cluster; NaN for an empty one. Empty ones come last."""
    inertia: Float[Array, "*batch"]
    """The sum of the squared distances of all points that count to the centres of their clusters."""


def k_means(points: ArrayLike, k: int, key: Key[Array, ""], starts: int = 10, where: ArrayLike | None = None) -> KMeans:
    """Clusters of least inertia, the best found in several starts.

    The inertia of labels is Σ_i |p_i − c(label_i)|², where c is the mean of a cluster. Each start draws k points
    (k-means++: the next with a probability proportional to its squared distance from the nearest one drawn; of
    2 + ⌊log k⌋ drawn, the one that leaves the least inertia), and then goes on by Lloyd's steps: each point to the
    nearest centre, each centre to the mean of its points. No step raises the inertia, and the labels come to rest. A
    cluster that runs empty takes the point farthest from its own centre.

    A start takes O(n d log k) for each centre that is drawn, and O(n k d) for each of Lloyd's steps.

    Args:
        points: (n, d), floating numbers.
        k: How many clusters; static.
        key: Of all starts. The same key gives the same labels; points that do not count, put last, change nothing.
        starts: How many; static.
        where: (n,), the points that count; by default all. What stands in the other rows does not matter.

    Returns:
        The clusters. Where there are fewer than k different points, each is a cluster and the others are empty.

    Raises:
        TypeError: Points that are not real floating numbers.
        ValueError: Points without two axes, k below 1 or above n, no start, `where` of another length, or a concrete
            NaN or infinity among the points that count. Where one is traced, the centres and the inertia are NaN, and
            no point is in a cluster.

    Source: Lloyd 1982, IEEE Trans. Inf. Theory 28; Arthur and Vassilvitskii 2007, k-means++: the advantages of careful
    seeding, SODA (section 7 for the several draws).

    >>> points = jnp.array([[9.0, 0.0], [0.0, 1.0], [9.0, 2.0], [0.0, 3.0]])
    >>> found = k_means(points, 2, jax.random.key(0))
    >>> found.labels.tolist(), found.centres.tolist(), found.inertia.item()
    ([0, 1, 0, 1], [[9.0, 1.0], [0.0, 2.0]], 4.0)
    """
    points = as_array(points)
    if not jnp.issubdtype(points.dtype, jnp.floating):
        raise TypeError(f"points must be real floating numbers, not {points.dtype}; convert them first")
    if points.ndim != 2:
        raise ValueError(f"points must have the shape (n, d), not {points.shape}")
    n, d = points.shape
    if not 1 <= k <= n:
        raise ValueError(f"k must be at least 1 and at most the number of points, {n}; received {k}")
    if starts < 1:
        raise ValueError(f"starts must be at least 1, received {starts}")
    used = np.ones(n, bool) if where is None else as_array(where)
    if used.shape != (n,):
        raise ValueError(f"where must have the shape {(n,)}, one entry a point; received {used.shape}")
    points = as_dtype(points, jnp.result_type(jnp.float32, points))
    if traced(points, used, key):
        return best_start(points, jnp.asarray(used, bool), key, k, starts)
    used = np.asarray(used, bool)
    _check_finite(points, used)
    rows, columns = width_bucket(n), size_bucket(d, 16)
    found = best_start(padded(points, (rows, columns)), padded(used, (rows,)), key, k, starts)
    return KMeans(cut(found.labels, (n,)), cut(found.centres, (k, d)), found.inertia)


def _check_finite(points: Array, used: np.ndarray) -> None:
    wrong = ~np.isfinite(np.asarray(points)) & used[:, None]
    if wrong.any():
        i, axis = np.argwhere(wrong)[0]
        raise ValueError(f"point {i} is {np.asarray(points)[i, axis]} at coordinate {axis}, not a finite number")


@partial(jax.jit, static_argnames=("k", "starts"))
@with_all_digits
def best_start(points: Array, used: Array, key: Array, k: int, starts: int) -> KMeans:
    """`k_means`, in a program."""
    # Near the origin, and of size about 1: squares neither cancel nor overflow.
    finite = jnp.all(jnp.isfinite(points) | ~used[:, None])
    used = used & finite
    mean = jnp.sum(jnp.where(used[:, None], points, 0), axis=0) / jnp.maximum(jnp.sum(used), 1)
    centred = jnp.where(used[:, None], points - mean, 0)
    scale = binary_scale(centred.reshape(-1, 1))[0]
    near = centred / scale
    begin = jax.vmap(lambda key: plus_plus(near, used, k, key))(jax.random.split(key, starts))
    found = lloyd(near, used, *begin)
    labels, centres, inertia = jax.tree.map(lambda a: a[jnp.argmin(found.inertia)], found)
    labels, order = _by_first_appearance(labels, k)
    inertia = jnp.where(finite, inertia * scale**2, jnp.nan)
    return KMeans(jnp.where(used, labels, -1), centres[order] * scale + mean, inertia)


def plus_plus(
    points: Float[Array, "n d"], used: Bool[Array, "n"], k: int, key: Key[Array, ""]
) -> tuple[Float[Array, "k d"], Bool[Array, "k"]]:
    """The points that a start begins with, and which of them there are: one more only while some point is elsewhere."""
    draws = jax.random.uniform(key, (k, 2 + int(math.log(k))), points.dtype)

    def next_centre(square: Array, draws: Array) -> tuple[Array, tuple[Array, Array]]:
        drawn = points[jax.vmap(draw, (None, 0))(square, draws)]
        after = jnp.minimum(square, jnp.sum((drawn[:, None] - points) ** 2, axis=2))
        best = jnp.argmin(jnp.sum(after, axis=1))
        return after[best], (drawn[best], jnp.any(square > 0))

    first = points[draw(used.astype(points.dtype), draws[0, 0])]
    square = jnp.where(used, jnp.sum((points - first) ** 2, axis=1), 0.0)
    square = varying_like(square, draws)
    _, (others, there) = jax.lax.scan(next_centre, square, draws[1:])
    return jnp.concatenate([first[None], others]), jnp.concatenate([jnp.any(used)[None], there])


def draw(weight: Float[Array, "n"], uniform: Float[Array, ""]) -> Int[Array, ""]:
    """An index with probability proportional to its weight; never one of weight 0, if there is another."""
    below = jnp.cumsum(weight)
    reached = (below > uniform * below[-1]) & (weight > 0)
    return jnp.where(jnp.any(reached), jnp.argmax(reached), jnp.argmax(weight))  # none: by rounding


def lloyd(
    points: Float[Array, "n d"], used: Bool[Array, "n"], centres: Float[Array, "s k d"], there: Bool[Array, "s k"]
) -> KMeans:
    """Lloyd's steps of several starts, until the labels of all have come to rest: one loop, as a batch of loops is."""

    def steps(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        centres, labels, moves, steps = state
        after, new = jax.vmap(lambda centres, there: _step(points, used, centres, there))(centres, there)
        return (
            jnp.where(moves[:, None, None], after, centres),
            jnp.where(moves[:, None], new, labels),
            moves & jnp.any((new != labels) & used, axis=1),
            steps + 1,
        )

    starts, k, _ = centres.shape
    none = jnp.full((starts, len(points)), -1, jnp.zeros((), int).dtype)
    state = varying_like((centres, none, jnp.ones(starts, bool), jnp.array(0)), points, used, centres, there)
    state = jax.lax.while_loop(lambda state: jnp.any(state[2]) & (state[3] < STEPS), steps, state)
    centres, labels, _, _ = state

    def ended(centres: Array, labels: Array) -> KMeans:
        filled = jnp.any(_members(labels, used, k), axis=1, keepdims=True)
        inertia = jnp.sum(_distance(points, used, centres, labels))
        return KMeans(jnp.where(used, labels, k), jnp.where(filled, centres, jnp.nan), inertia)

    return jax.vmap(ended)(centres, labels)


def _step(points: Array, used: Array, centres: Float[Array, "k d"], there: Bool[Array, "k"]) -> tuple[Array, Array]:
    """The centres after one step, and the labels that they are the means of."""
    n, k = len(points), len(centres)
    # |p − c|² less |p|², which is the same for all centres.
    square = jnp.where(there, jnp.sum(centres**2, axis=1) - 2 * points @ centres.T, jnp.inf)
    labels = jnp.argmin(square, axis=1)
    size = jnp.sum(_members(labels, used, k), axis=1)
    # One empty cluster a step. It takes no cluster's only point, so none runs empty by that.
    empty = there & (size == 0)
    spare = jnp.where(size[labels] > 1, _distance(points, used, centres, labels), 0.0)
    farthest = jnp.argmax(spare)
    takes = jnp.any(empty) & (spare[farthest] > 0) & (jnp.arange(n) == farthest)
    labels = jnp.where(takes, jnp.argmax(empty), labels)
    chosen = _members(labels, used, k)
    size = jnp.sum(chosen, axis=1, keepdims=True)
    mean = chosen.astype(points.dtype) @ points / jnp.maximum(size, 1)
    return jnp.where(size > 0, mean, centres), labels


def _members(labels: Int[Array, "n"], used: Bool[Array, "n"], k: int) -> Bool[Array, "k n"]:
    return (labels == jnp.arange(k)[:, None]) & used


def _distance(points: Array, used: Array, centres: Array, labels: Array) -> Float[Array, "n"]:
    return jnp.where(used, jnp.sum((points - centres[labels]) ** 2, axis=1), 0.0)


def _by_first_appearance(labels: Int[Array, "n"], k: int) -> tuple[Int[Array, "n"], Int[Array, "k"]]:
    """Labels 0, 1, ... in the order in which they first come, and the old label of each; other labels stay."""
    n = len(labels)
    first = jnp.min(jnp.where(labels == jnp.arange(k)[:, None], jnp.arange(n), n), axis=1)
    order = jnp.argsort(first)
    place = jnp.argsort(order)
    return jnp.where(labels < k, place[jnp.minimum(labels, k - 1)], labels), order
