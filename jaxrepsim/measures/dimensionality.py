"""How many dimensions a network's activations fill."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.compression.one_shot import compressed
from jaxrepsim.numerics.buckets import padded, width_bucket
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.inputs import as_activations, traced


class Dimensionality(NamedTuple):
    """Two numbers between 1 and the rank; 0 where all units are dead. Leading axes are batches."""

    participation_ratio: Float[Array, "*batch"]
    """(Σ σ²)² / Σ σ⁴: a direction counts by the share of all variance that it has."""
    effective_rank: Float[Array, "*batch"]
    """exp(−Σ p ln p), p = σ / Σ σ: a direction counts by its share of all singular values."""


def dimensionality(z: ArrayLike) -> Dimensionality:
    """How many dimensions activations fill, by the singular values σ of their matrix, nothing centred.

    Both numbers are k where k directions are equally strong and the others empty, and lie between 1 and the rank. The
    participation ratio hardly sees weak directions; the effective rank does. Unlike a match, both depend on the scale
    of single units. With few samples both come out too small: they cannot exceed the number of samples.

    Args:
        z: (samples, units), activations of one network. Raw or compressed alike, as both have the same inner products.

    Returns:
        Both numbers.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, or a concrete activation that is NaN or infinite. Where one is traced, both are NaN.

    They have no gradient.

    Source: the participation ratio is that of Gao et al. 2017 (bioRxiv 214262), there of the centred covariance; the
    effective rank is that of Roy and Vetterli 2007 (EUSIPCO), definition 1.

    >>> import jax.numpy as jnp
    >>> found = dimensionality(jnp.diag(jnp.array([1.0, 1.0, 1.0, 0.0])))
    >>> [round(float(number), 3) for number in found]
    [3.0, 3.0]
    """
    (network,) = as_activations(z)
    if traced(network):
        return _measured(network)
    size = width_bucket(network.shape[1])
    return _measured(padded(compressed((network,))[0], (size, size)))


@jax.jit
def _measured(z: Float[Array, "m n"]) -> Dimensionality:
    if 0 in z.shape:
        nothing = jnp.zeros((), z.dtype)
        return Dimensionality(nothing, nothing)
    largest = jnp.max(jnp.abs(z))
    scaled = z / jnp.where(largest > 0, largest, 1)  # squares neither overflow nor vanish
    values = one_at_a_time(lambda matrix: jnp.linalg.svd(matrix, compute_uv=False), scaled)
    squares = values**2
    total, squared = jnp.sum(values), jnp.sum(squares)
    shares = values / jnp.where(total > 0, total, 1)
    entropy = -jnp.sum(jnp.where(shares > 0, shares * jnp.log(jnp.where(shares > 0, shares, 1)), shares))
    ratio = squared**2 / jnp.where(squared > 0, jnp.sum(squares**2), 1)
    return Dimensionality(ratio, jnp.where(total == 0, 0, jnp.exp(entropy)))
