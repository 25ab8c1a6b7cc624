"""Shared nearest neighbours."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, program, raw_pair
from jaxrepsim.measures.steps import Steps
from jaxrepsim.numerics.scaling import unit_columns

BLOCK = 256
"""Samples whose neighbours are looked for together."""


def mutual_knn(x: ArrayLike, y: ArrayLike, k: int = 10) -> Float[Array, ""]:
    """The share of a sample's k nearest neighbours in one network that are among its k nearest in the other.

    Nearest by the cosine of activations, nothing centred, the sample itself left out; the mean over samples of
    |N_x(i) ∩ N_y(i)| / k. It sees nothing but neighbourhoods. By chance it is k / (m − 1) on m samples. Of samples
    equally near, the earlier counts as nearer.

    It takes time of samples².

    Args:
        x: (samples, n_x), raw: a compression has lost the samples.
        y: (samples, n_y), on the same samples.
        k: How many neighbours, fewer than there are samples.

    Returns:
        A number in [0, 1]; 0 where all samples lie in one direction in a network: none is nearer.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: `k` below 1 or not below the number of samples, not two axes, different numbers of samples, a
            compressed network, or a concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Huh, Cheung, Wang and Isola 2024, "The Platonic Representation Hypothesis" (arXiv:2405.07987), appendix A.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (100, 3))
    >>> float(mutual_knn(x, 3 * x))
    1.0
    """
    networks = raw_pair(x, y)
    return _mutual_knn(*networks, *_options(networks[0].samples, k))


def _options(samples: int, k: int) -> tuple[int]:
    if not isinstance(k, int) or not 1 <= k < samples:
        raise InputError(f"k must be a whole number of 1 or more, and less than the {samples} samples; received {k}")
    return (k,)


class _Near(NamedTuple):
    """What the pairs of one network share."""

    places: Int[Array, "m k"]
    """The nearest of each sample; −1 where there is no sample, and in a network that never varies."""
    most: Float[Array, ""]
    """How many there would be: samples × k."""


def _near(network: Raw, k: int) -> _Near:
    rows = unit_columns(network.rows.T)[0].T
    samples, places = jnp.asarray(network.samples), jnp.arange(len(rows), dtype=jnp.int32)

    def nearest(sample: Int[Array, ""]) -> Int[Array, "k"]:
        left_out = (places == sample) | (places >= samples)
        return jax.lax.top_k(jnp.where(left_out, -jnp.inf, rows @ rows[sample]), k)[1]

    found = jax.lax.map(nearest, places, batch_size=BLOCK)
    there = places[:, None] < samples
    rounding = 8 * jnp.finfo(rows.dtype).eps  # samples of one direction are not of the same length, and so differ
    varies = jnp.any(there & (jnp.abs(rows - rows[:1]) > rounding))
    return _Near(jnp.where(there & varies, found, -1), (samples * k).astype(rows.dtype))


def _shared(x: _Near, y: _Near) -> Float[Array, ""]:
    same = (x.places[:, :, None] == y.places[:, None]) & (x.places >= 0)[:, :, None]
    return jnp.sum(same) / x.most


STEPS = Steps(_options, _near, _shared)
_mutual_knn = program(STEPS.measured, static=(2,))
