"""Shared nearest neighbours."""

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, program, raw_pair
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
    if not isinstance(k, int) or not 1 <= k < networks[0].samples:
        raise InputError(
            f"k must be a whole number of 1 or more, and less than the {networks[0].samples} samples; received {k}"
        )
    return _mutual_knn(*networks, k)


def _of(x: Raw, y: Raw, k: int) -> Array:
    sides = [unit_columns(network.rows.T)[0].T for network in (x, y)]
    samples = jnp.asarray(x.samples)

    def shared(sample: Int[Array, ""]) -> Array:
        near_x, near_y = (_nearest(rows, sample, samples, k) for rows in sides)
        return jnp.sum(near_x[:, None] == near_y)

    rows = jnp.arange(len(sides[0]), dtype=jnp.int32)
    found = jnp.where(rows < samples, jax.lax.map(shared, rows, batch_size=BLOCK), 0)
    there = rows[:, None] < samples
    rounding = 8 * jnp.finfo(sides[0].dtype).eps  # samples of one direction are not of the same length, and so differ
    varies = jnp.all(jnp.stack([jnp.any(there & (jnp.abs(side - side[:1]) > rounding)) for side in sides]))
    return jnp.where(varies, jnp.sum(found) / (samples * k).astype(sides[0].dtype), 0)


def _nearest(rows: Float[Array, "m n"], sample: Int[Array, ""], samples: Array, k: int) -> Int[Array, "k"]:
    others = jnp.arange(len(rows))
    cosines = rows @ rows[sample]
    return jax.lax.top_k(jnp.where((others == sample) | (others >= samples), -jnp.inf, cosines), k)[1]


_mutual_knn = program(_of, static=(2,))
