"""The compression: fewer rows, the same geometry."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.numerics.factor import triangular_factor
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


@with_all_digits
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
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, or different numbers of samples.

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 1000, 3))
    >>> small_x, small_y = compress(x, y)
    >>> small_x.shape, small_y.shape
    ((6, 3), (6, 3))
    >>> bool(jnp.allclose(small_x.T @ small_y, x.T @ y, atol=1e-2))
    True
    """
    arrays = as_activations(*activations)
    widths = [array.shape[1] for array in arrays]
    if not arrays or arrays[0].shape[0] <= sum(widths):
        return arrays
    scaled, norms = unit_columns(jnp.concatenate(arrays, axis=1))
    triangle = triangular_factor(scaled) * norms
    cuts = [sum(widths[:i]) for i in range(1, len(widths))]
    return tuple(jnp.split(triangle, cuts, axis=1))
