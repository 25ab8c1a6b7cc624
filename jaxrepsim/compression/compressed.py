"""Activations on fewer samples with the same geometry, their means and the lengths of their samples."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Values
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.numerics.buckets import joined, size_bucket
from jaxrepsim.numerics.inputs import as_activations, on_device, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import next_power_of_two


class Compressed(NamedTuple):
    """What stands for one network's activations z of m samples, jointly compressed with those of others.

    Let Q be an orthonormal basis of the samples' space whose first vector is constant, 1/√m, and whose others span,
    with it, the units of all networks and their `squares`. `rows` is QᵀZ. So all inner products of its columns are
    those of the activations: any function of activations takes `rows`. The first row is √m·mean, and the columns of the
    other rows have the inner products of *centred* activations: what `compress` gives lacks that split.

    `squares` is Qᵀk, where k_i = |z_i − mean|² is the squared length of sample i around the mean. Its inner products
    with the `squares` of another network are the fourth-order sums Σ_i k_i l_i, which estimates without bias need
    (`jaxrepsim.measures.debiased_cka`).
    """

    rows: Float[Values, "rows units"]
    """(rows, units), √m·mean first."""
    samples: Float[Values, ""] | int
    """m, how many samples there were."""
    squares: Float[Values, "rows"] | None = None
    """(rows,), or None where they were not summed."""


def summarise(*activations: ArrayLike) -> tuple[Compressed, ...]:
    """`compress`, with what centred measures and estimates without bias need besides.

    The units are centred first, and the squared lengths of samples taken of centred units; then all of them are
    factored as `compress` factors. Of more samples than memory holds, `init(units, squares=True)` with `summary` gives
    the same.

    Args:
        *activations: (samples, units), one a network, all on the same samples; the numbers of units may differ.

    Returns:
        One for each network; all have the same number of rows, at most one more than samples.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Of
            traced ones, all rows are NaN where one is.

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 1000, 3)) + 5
    >>> small_x, small_y = summarise(x, y)
    >>> small_x.rows.shape, int(small_x.samples)
    ((9, 3), 1000)
    >>> bool(jnp.allclose(small_x.rows.T @ small_y.rows, x.T @ y, rtol=1e-4))
    True
    >>> bool(jnp.allclose(small_x.rows[1:].T @ small_y.rows[1:], (x - x.mean(0)).T @ (y - y.mean(0)), atol=1e-2))
    True
    """
    arrays = as_activations(*activations)
    if not arrays:
        return ()
    samples, widths = arrays[0].shape[0], [array.shape[1] for array in arrays]
    owner, k, n = np.repeat(np.arange(len(widths)), widths), len(widths), sum(widths)
    if traced(arrays):
        rows, squares = _summarised(jnp.concatenate(arrays, axis=1), owner, k, samples)
        return of_networks(rows, squares, widths, samples)
    height, width = size_bucket(samples, 64), size_bucket(n, 32)
    wide = joined(arrays, (height, width)), np.pad(owner, (0, width - n), constant_values=k)
    rows, squares = map(np.asarray, _summarised(*wide, k, samples))
    least = 1 + min(samples, k + n)  # below it, and behind all units, there is only padding
    return of_networks(rows[:least, :n], squares[:least], widths, samples)


def of_networks(
    rows: Float[Values, "rows n"], squares: Float[Values, "rows k"] | None, widths: Sequence[int], samples: Values | int
) -> tuple[Compressed, ...]:
    """Split by network."""
    ends = np.cumsum(widths)
    parts = [on_device(rows[:, end - width : end]) for end, width in zip(ends, widths, strict=True)]
    lengths = [None if squares is None else on_device(squares[:, a]) for a in range(len(widths))]
    return tuple(Compressed(part, samples, length) for part, length in zip(parts, lengths, strict=True))


@partial(jax.jit, static_argnums=2)
@with_all_digits
def _summarised(
    joint: Float[Array, "m n"], owner: Int[Values, "n"], networks: int, samples: Array | int
) -> tuple[Float[Array, "rows n"], Float[Array, "rows k"]]:
    """Of the first `samples` rows; `owner` is the network of each unit, and their number for padding."""
    mean, around = about_mean(joint, samples)
    of_network = (owner[:, None] == jnp.arange(networks)).astype(joint.dtype)
    scale = next_power_of_two(jnp.max(jnp.abs(around), initial=0.0))
    lengths = (around / scale) ** 2 @ of_network
    mean_length, varying = about_mean(lengths, samples)
    # The squares first, as padding has to stand behind all that counts.
    factor = triangle(jnp.concatenate([varying, around], axis=1))[0]
    root = jnp.sqrt(jnp.asarray(samples, joint.dtype))
    whole = jnp.concatenate([root * jnp.concatenate([mean_length, mean])[None], factor])
    whole = jnp.where(jnp.all(jnp.isfinite(joint)), whole, jnp.nan)
    return whole[:, networks:], whole[:, :networks] * scale**2


def about_mean(rows: Float[Array, "m n"], samples: Array | int) -> tuple[Float[Array, "n"], Float[Array, "m n"]]:
    """The means of the first `samples` rows, and these around them; the other rows are zero.

    The first row is taken off before the mean is: that of a constant unit leaves zero exactly, and an offset costs no
    digits.
    """
    if not rows.shape[0]:
        return jnp.zeros(rows.shape[1], rows.dtype), rows
    there = jnp.arange(rows.shape[0])[:, None] < samples
    first = jnp.where(there[0], rows[0], 0)
    shifted = jnp.where(there, rows - first, 0)
    share = 1 / jnp.maximum(jnp.asarray(samples, rows.dtype), 1)
    mean = jnp.sum(shifted * share, axis=0)
    around = jnp.where(there, shifted - mean, 0)
    # Once more, for what the sum has lost to rounding.
    again = jnp.sum(around * share, axis=0)
    return first + mean + again, jnp.where(there, around - again, 0)
