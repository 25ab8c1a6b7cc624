"""The compression: fewer rows, the same geometry."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.numerics.buckets import by_network, joined, size_bucket
from jaxrepsim.numerics.factor import triangular_factor
from jaxrepsim.numerics.inputs import as_activations, on_device, on_host, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


def compress(*activations: ArrayLike) -> tuple[Float[Array, "rows units"], ...]:
    """Activations with the same inner products on fewer samples: the triangular factor of the joint QR.

    With [x₁ … x_k] = Q R and QᵀQ = I, the columns of R have the inner products of the columns of the xᵢ, within each
    network and between any two. Every distance to a span, and so every result of this package, depends on the inner
    products alone. R, split back into columns, is therefore a set of activations that stands for the given one:
    every function takes raw or compressed activations alike.

    Columns are scaled to unit norm for the factorisation and scaled back after it, so a unit's scale costs no digits.
    Householder QR keeps every column to a relative error of a few units of the dtype's precision, whatever the
    condition number.

    Args:
        *activations: (samples, units), one a network, all on the same samples; the numbers of units may differ.

    Returns:
        As many arrays of the same numbers of units, with min(samples, total units) rows.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Of
            traced ones, all rows are NaN where one is.

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 1000, 3))
    >>> small_x, small_y = compress(x, y)
    >>> small_x.shape, small_y.shape
    ((6, 3), (6, 3))
    >>> bool(jnp.allclose(small_x.T @ small_y, x.T @ y, atol=1e-2))
    True
    """
    arrays = as_activations(*activations)
    return compressed(arrays) if not traced(arrays) else _compiled(*arrays)


def compressed(networks: Sequence[Float[Array, "m _"]]) -> tuple[Float[Array, "rows _"], ...]:
    """`compress`, of concrete arrays of one dtype."""
    widths = [network.shape[1] for network in networks]
    samples, total = len(networks[0]) if networks else 0, sum(widths)
    if samples <= total:
        return tuple(networks)
    # Padding lies behind all units: a zero column between them would put a row between theirs.
    shape = (size_bucket(samples, 64), size_bucket(total, 32))
    factor = _factor(joined(networks, shape))
    if on_host(factor):
        factor = np.asarray(factor)
    ends = np.cumsum(widths)
    parts = [factor[:total, end - width : end] for end, width in zip(ends, widths, strict=True)]
    return tuple(map(on_device, parts))


def triangle(*networks: Float[Array, "m _"]) -> tuple[Float[Array, "rows _"], ...]:
    """`compress`, of arrays of one dtype, inside a program."""
    widths = [network.shape[1] for network in networks]
    if not networks or networks[0].shape[0] <= sum(widths):
        return networks
    return by_network(_triangular(jnp.concatenate(networks, axis=1)), widths)


def _triangular(joint: Float[Array, "m n"]) -> Float[Array, "k n"]:
    scaled, norms = unit_columns(joint)
    return triangular_factor(scaled) * norms


_factor = jax.jit(with_all_digits(_triangular))
_compiled = jax.jit(with_all_digits(triangle))
