"""Mutual information of the units of two networks, by adaptive bins."""

from functools import partial

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.convergent import joint_counts
from jaxrepsim.convergent.binning import check_bins, edges_of, index_of
from jaxrepsim.numerics.buckets import cut, padded, size_bucket, width_bucket
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.products import with_all_digits


def mutual_information(x: ArrayLike, y: ArrayLike, bins: int = 10) -> Float[Array, "n_x n_y"]:
    """How much each unit of one network tells of each unit of the other: I(x_i; y_j) of their binned values, in nats.

    Each unit has a bin for exact zeros, and `bins − 1` bins of equal count for its other values (`bin_edges`). With the
    shares p_ab of samples in bins a and b, I = Σ p_ab log(p_ab / p_a p_b), and the bias of m samples is corrected after
    Miller and Madow by (K_x + K_y − K_xy − 1) / 2m, K the numbers of bins that are not empty. So it may fall below 0. A
    unit that never varies has 0 with every unit. It is at most log(bins).

    Unlike correlation it sees dependence of any shape; a strictly increasing transformation of a unit's values that
    keeps zero changes nothing. For more samples than memory holds there are `row_sample`, for a first pass, and
    `joint_counts`, for a second.

    Args:
        x: (samples, n_x), activations of the first network: raw, one row a sample. Compressed ones have no values left.
        y: (samples, n_y), of the second network on the same samples.
        bins: How many, the one for zeros included, at least 2; static.

    Returns:
        (n_x, n_y), in the dtype of the activations; computed in float64 where x64 is on.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, fewer than 2 bins, or a concrete activation that is NaN
            or infinite. Where a traced one is, all that is told of its unit is NaN.

    Source: Li et al. 2015, arXiv:1511.07543 (ten bins, of which one for zeros); Miller 1955, Note on the bias of
    information estimates (the correction).

    >>> import jax.numpy as jnp
    >>> x = jnp.linspace(-1, 1, 900)[:, None]
    >>> round(mutual_information(x, x**2).item(), 2), abs(jnp.corrcoef(x.T, x.T**2)[0, 1].item()) < 1e-6
    (1.58, True)
    """
    check_bins(bins)
    x, y = pair = as_activations(x, y)
    samples, n_x, n_y = x.shape[0], x.shape[1], y.shape[1]
    if traced(pair):
        return _information(x, y, samples, bins)
    rows = size_bucket(samples, 64)
    wide = (padded(array, (rows, width_bucket(array.shape[1]))) for array in pair)
    return cut(_information(*wide, samples, bins), (n_x, n_y))


@partial(jax.jit, static_argnums=3)
@with_all_digits
def _information(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], samples: Int[Array, ""] | int, bins: int) -> Array:
    """Of the first `samples` rows."""
    x_bins, y_bins = (index_of(part, edges_of(part, bins)) for part in (x, y))
    there = jnp.arange(len(x)) < samples
    state = joint_counts.counted(joint_counts.init((x.shape[1], y.shape[1]), bins), x_bins, y_bins, there)
    # A bin has room for every value, also for NaN: without this it would go unseen.
    finite_x, finite_y = (jnp.all(jnp.isfinite(part), axis=0) for part in (x, y))
    return jnp.where(finite_x[:, None] & finite_y, state.mutual_information.astype(x.dtype), jnp.nan)
