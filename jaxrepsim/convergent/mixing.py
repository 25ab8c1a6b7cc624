"""How far clusters of the units of two networks hold units of both."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool, Float, Int


class Mixing(NamedTuple):
    """What each cluster holds of each network. Leading axes are batches."""

    x: Int[Array, "*batch k"]
    """How many units of the first network are in each cluster."""
    y: Int[Array, "*batch k"]
    """How many of the second."""
    chance: Float[Array, "*batch k"]
    """How probable it is that a cluster of that size mixes both networks, if units are put into clusters at random;
    0 for an empty cluster."""

    @property
    def size(self) -> Int[Array, "*batch k"]:
        """The units in each cluster."""
        return jnp.add(self.x, self.y)

    @property
    def mixed(self) -> Bool[Array, "*batch k"]:
        """Which clusters hold units of both networks."""
        return jnp.minimum(self.x, self.y) > 0

    @property
    def balance(self) -> Float[Array, "*batch k"]:
        """2 min(x, y) / (x + y), in [0, 1]: the share of a cluster's units that can be paired off with one of the other
        network; NaN for an empty cluster."""
        return _share(2 * jnp.minimum(self.x, self.y), self.size)

    @property
    def share_of_clusters(self) -> Float[Array, "*batch"]:
        """Of the clusters that are not empty, the share that is mixed; NaN where all are empty."""
        return _share(jnp.sum(self.mixed, axis=-1), jnp.sum(self.size > 0, axis=-1))

    @property
    def share_of_units(self) -> Float[Array, "*batch"]:
        """Of the units in clusters, the share in mixed ones; NaN where there is none."""
        return _share(jnp.sum(jnp.where(self.mixed, self.size, 0), axis=-1), jnp.sum(self.size, axis=-1))

    @property
    def chance_share_of_clusters(self) -> Float[Array, "*batch"]:
        """What `share_of_clusters` is on average, if units are put at random into clusters of these sizes."""
        return _share(jnp.sum(self.chance, axis=-1), jnp.sum(self.size > 0, axis=-1))

    @property
    def chance_share_of_units(self) -> Float[Array, "*batch"]:
        """What `share_of_units` is on average, if units are put at random into clusters of these sizes."""
        return _share(jnp.sum(self.chance * self.size, axis=-1), jnp.sum(self.size, axis=-1))


def mixing(labels_x: ArrayLike, labels_y: ArrayLike, k: int) -> Mixing:
    """Counts the units of each network in each cluster, and how often chance mixes clusters of such sizes.

    Of N units in clusters, a belong to x and b to y. Put at random into clusters of the same sizes, the units of x in a
    cluster of s are hypergeometric, and it is mixed with the probability 1 − [C(a, s) + C(b, s)] / C(N, s): large
    clusters mix by chance nearly always, so a share of mixed clusters is to be read beside that of chance.

    Args:
        labels_x: (n_x,), the cluster of each unit of the first network, in [0, k); −1 for a unit in none.
        labels_y: (n_y,), the same of the second network.
        k: How many clusters; static.

    Returns:
        Counts (k,) and probabilities (k,), with shares as properties.

    Raises:
        TypeError: Labels that are not integers.
        ValueError: Labels without exactly one axis, concrete ones outside [−1, k), or k below 1.

    Source: Li et al. 2015 (arXiv:1511.07543), what many-to-many clusters hold of each network; the hypergeometric
    distribution is that of Fisher's exact test.

    >>> found = mixing(jnp.array([0, 0, 1, -1]), jnp.array([0, 1, 2]), k=3)
    >>> found.x.tolist(), found.y.tolist(), found.mixed.tolist()
    ([2, 1, 0], [1, 1, 1], [True, True, False])
    >>> round(found.share_of_clusters.item(), 3), round(found.chance_share_of_clusters.item(), 3)
    (0.667, 0.5)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, received {k}")
    x, y = (_counts(labels, k) for labels in (labels_x, labels_y))
    most = np.size(labels_x) + np.size(labels_y)
    size, all_x, all_y = x + y, jnp.sum(x), jnp.sum(y)
    drawn = jnp.arange(most)

    def pure(units: Array) -> Array:
        # C(units, s) / C(N, s) = Π_{i < s} (units − i) / (N − i), for s = 0, 1, ..., and so for every cluster.
        ratio = jnp.maximum(units - drawn, 0) / jnp.maximum(all_x + all_y - drawn, 1)
        return jnp.concatenate([jnp.ones(1), jnp.cumprod(ratio)])[size]

    chance = jnp.where(size > 0, jnp.clip(1 - pure(all_x) - pure(all_y), 0, 1), 0.0)
    return Mixing(x, y, chance)


def _counts(labels: ArrayLike, k: int) -> Int[Array, "k"]:
    given = jnp.asarray(labels)
    if not jnp.issubdtype(given.dtype, jnp.integer):
        raise TypeError(f"labels must be integers, not {given.dtype}")
    if given.ndim != 1:
        raise ValueError(f"labels must have the shape (units,), not {given.shape}")
    if not isinstance(labels, Tracer):
        values = np.asarray(labels)
        if values.size and not (values.min() >= -1 and values.max() < k):
            raise ValueError(f"labels must lie in [-1, {k}), received some from {values.min()} to {values.max()}")
    return jnp.sum(given == jnp.arange(k)[:, None], axis=1)


def _share(part: Array, whole: Array) -> Array:
    return jnp.where(whole > 0, part / jnp.maximum(whole, 1), jnp.nan)
