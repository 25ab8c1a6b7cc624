"""How far clusters of the units of two networks hold units of both."""

from types import ModuleType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Values
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array


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
        return in_numpy(_size, self)

    @property
    def mixed(self) -> Bool[Array, "*batch k"]:
        """Which clusters hold units of both networks."""
        return in_numpy(_mixed, self)

    @property
    def balance(self) -> Float[Array, "*batch k"]:
        """2 min(x, y) / (x + y), in [0, 1]: the share of a cluster's units that can be paired off with one of the other
        network; NaN for an empty cluster."""
        return in_numpy(_balance, self)

    @property
    def share_of_clusters(self) -> Float[Array, "*batch"]:
        """Of the clusters that are not empty, the share that is mixed; NaN where all are empty."""
        return in_numpy(_of_clusters, self, self.mixed)

    @property
    def share_of_units(self) -> Float[Array, "*batch"]:
        """Of the units in clusters, the share in mixed ones; NaN where there is none."""
        return in_numpy(_of_units, self, self.mixed)

    @property
    def chance_share_of_clusters(self) -> Float[Array, "*batch"]:
        """What `share_of_clusters` is on average, if units are put at random into clusters of these sizes."""
        return in_numpy(_of_clusters, self, self.chance)

    @property
    def chance_share_of_units(self) -> Float[Array, "*batch"]:
        """What `share_of_units` is on average, if units are put at random into clusters of these sizes."""
        return in_numpy(_of_units, self, self.chance)


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
    return in_numpy(_mixing, _checked(labels_x, k), _checked(labels_y, k), k=k)


def _mixing(xp: ModuleType, labels_x: Any, labels_y: Any, *, k: int) -> Mixing:
    x, y = (xp.sum(labels == xp.arange(k)[:, None], axis=1) for labels in (labels_x, labels_y))
    size, all_x, all_y = x + y, xp.sum(x), xp.sum(y)
    drawn = xp.arange(labels_x.size + labels_y.size)

    def pure(units: Any) -> Any:
        # C(units, s) / C(N, s) = Π_{i < s} (units − i) / (N − i), for s = 0, 1, ..., and so for every cluster.
        ratio = xp.maximum(units - drawn, 0) / xp.maximum(all_x + all_y - drawn, 1)
        return xp.concatenate([xp.ones(1, ratio.dtype), xp.cumprod(ratio)])[size]

    chance = xp.where(size > 0, xp.clip(1 - pure(all_x) - pure(all_y), 0, 1), 0.0)
    return Mixing(x, y, chance)


def _checked(labels: ArrayLike, k: int) -> Values:
    labels = as_array(labels)
    if not jnp.issubdtype(labels.dtype, jnp.integer):
        raise TypeError(f"labels must be integers, not {labels.dtype}")
    if labels.ndim != 1:
        raise ValueError(f"labels must have the shape (units,), not {labels.shape}")
    if not isinstance(labels, Tracer):
        values = np.asarray(labels)
        if values.size and not (values.min() >= -1 and values.max() < k):
            raise ValueError(f"labels must lie in [-1, {k}), received some from {values.min()} to {values.max()}")
    return labels


def _size(_: ModuleType, of: Mixing) -> Any:
    return of.x + of.y


def _mixed(xp: ModuleType, of: Mixing) -> Any:
    return xp.minimum(of.x, of.y) > 0


def _balance(xp: ModuleType, of: Mixing) -> Any:
    return _share(xp, 2 * xp.minimum(of.x, of.y), of.x + of.y)


def _of_clusters(xp: ModuleType, of: Mixing, mixed: Any) -> Any:
    return _share(xp, xp.sum(mixed, axis=-1), xp.sum(of.x + of.y > 0, axis=-1))


def _of_units(xp: ModuleType, of: Mixing, mixed: Any) -> Any:
    size = of.x + of.y
    return _share(xp, xp.sum(mixed * size, axis=-1), xp.sum(size, axis=-1))


def _share(xp: ModuleType, part: Any, whole: Any) -> Any:
    return xp.where(whole > 0, part / xp.maximum(whole, 1), xp.nan)
