"""Representational similarity analysis."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Bool, Float
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.measures.networks import Raw, program, ratio, raw_pair, root
from jaxrepsim.measures.sample_pairs import of_pairs
from jaxrepsim.measures.steps import Steps
from jaxrepsim.numerics.scaling import comparable_columns, next_power_of_two, unit_columns

DISTANCES = ("correlation", "cosine", "euclidean")
COMPARISONS = ("spearman", "pearson", "cosine")


def rsa(x: ArrayLike, y: ArrayLike, distance: str = "correlation", compare: str = "spearman") -> Float[Array, ""]:
    """Representational similarity analysis: whether the distances between samples agree.

    Of each network the distances of all pairs of different samples; then how alike the two lists are.

    Distances: `correlation`, 1 − Pearson's correlation of two samples over the units; `cosine`, 1 − their cosine;
    `euclidean`, the squared length of their difference. A sample of which every unit is the same has correlation 0, and
    a sample of zeros cosine 0, with every other.

    Comparisons: `pearson`; `spearman`, Pearson's of ranks, ties at the mean of their ranks; `cosine` of the lists as
    they are.

    Distances are positive, so `cosine` is near 1 for any two networks. It takes memory and time of samples².

    Args:
        x: (samples, n_x), raw: a compression has lost the distances.
        y: (samples, n_y), on the same samples.
        distance: One of the distances above.
        compare: One of the comparisons above.

    Returns:
        A number in [−1, 1]; 0 where all distances are equal in a network.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: An unknown name, not two axes, different numbers of samples, a compressed network, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Kriegeskorte, Mur and Bandettini 2008 (Frontiers in Systems Neuroscience 2). Squared Euclidean distances, as
    there and in rsatoolbox, up to a factor that no comparison sees.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (100, 5))
    >>> round(float(rsa(x, x[:, ::-1])), 4)
    1.0
    """
    networks = raw_pair(x, y)
    return _rsa(*networks, *_options(networks[0].samples, distance, compare))


def _options(samples: int, distance: str, compare: str) -> tuple[str, str]:
    if distance not in DISTANCES:
        raise unknown("distance", distance, DISTANCES)
    if compare not in COMPARISONS:
        raise unknown("comparison", compare, COMPARISONS)
    if samples < 3:
        raise InputError(f"distances of 3 samples or more can be compared, received {samples}")
    return distance, compare


def _described(network: Raw, distance: str, compare: str) -> Float[Array, "p"]:
    """The distances of all pairs of samples, or their ranks, as a vector of norm 1 that only has to be multiplied."""
    m, samples = network.rows.shape[0], jnp.asarray(network.samples)
    values, counted = of_pairs(_distances(network, distance), samples)
    # Samples that are all the same have no distances, which products would leave to rounding.
    there = jnp.arange(m)[:, None] < samples
    varies = jnp.any(there & (network.rows != network.rows[:1]))
    values, pairs = jnp.where(counted & varies, values, 0), jnp.sum(counted)
    if compare == "spearman":
        values = _ranks(values, counted, pairs)
    if compare != "cosine":
        values = _about_mean(values, counted, pairs)
    return ratio(values, root(jnp.sum(values * values)))


def _distances(network: Raw, distance: str) -> Float[Array, "m m"]:
    rows = network.rows
    if distance == "euclidean":
        rows = rows / next_power_of_two(jnp.max(jnp.abs(rows), initial=0.0))
        lengths = jnp.sum(rows * rows, axis=1)
        return jnp.maximum(lengths[:, None] + lengths - 2 * rows @ rows.T, 0)
    columns, _ = comparable_columns(rows.T)
    if distance == "correlation":
        there = jnp.arange(len(columns))[:, None] < network.units
        # The first unit is taken off before the mean is, so that of equal units zeros are left.
        shifted = jnp.where(there, columns - columns[:1], 0)
        columns = jnp.where(there, shifted - jnp.sum(shifted, axis=0) / jnp.maximum(network.units, 1), 0)
    directions, _ = unit_columns(columns)
    return 1 - directions.T @ directions


def _ranks(values: Float[Array, "p"], counted: Bool[Array, "p"], pairs: Array) -> Float[Array, "p"]:
    """Ranks with ties at their mean, about half the number of pairs, over that number; 0 where it does not count."""
    ascending = jnp.sort(jnp.where(counted, values, jnp.inf))  # what does not count comes last
    below, up_to = (jnp.searchsorted(ascending, values, side=side) for side in ("left", "right"))
    return jnp.where(counted, (below + up_to - pairs).astype(values.dtype) / pairs, 0)


def _about_mean(values: Float[Array, "p"], counted: Bool[Array, "p"], pairs: Array) -> Float[Array, "p"]:
    """Equal values become zero exactly."""
    first = jnp.max(jnp.where(counted, values, -jnp.inf))
    shifted = jnp.where(counted, values - first, 0)
    return jnp.where(counted, shifted - jnp.sum(shifted) / pairs, 0)


def _compared(x: Float[Array, "p"], y: Float[Array, "p"]) -> Array:
    return jnp.clip(jnp.sum(x * y), -1, 1)


STEPS = Steps(_options, _described, _compared)
_rsa = program(STEPS.measured, static=(2, 3))
