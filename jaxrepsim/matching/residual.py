"""The residual: how far a unit is from the span of another network's units."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.numerics.factor import solve_upper
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.precision import as_residual
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.projection import factor, project_out
from jaxrepsim.numerics.scaling import unit_columns


@with_all_digits
def residuals(x: ArrayLike, y: ArrayLike) -> Float[Array, "n_x"]:
    """The relative distance of every unit of x to the span of the units of y.

    For unit v: min_c |x_v − y c| / |x_v|. 0 says that v is a linear combination of units of y, 1 that it is orthogonal
    to all of them. Nothing is centred. A dead unit (zero for every sample) is matched by nothing and reads 1.

    Projections are orthogonal (Householder QR of unit-norm columns), so dependent and duplicate units of y give the
    true distance to their numerical span. Values below `jaxrepsim.resolution` of the dtype read as 0.

    Differentiable in x and y, also where units of y are dependent; at a residual that reads 0 or 1 for a dead unit
    the derivative is 0. The derivative of the squared distance is that of |x_v − y c|² at fixed best c (the envelope
    theorem), which stays bounded where the derivative of the QR factors would not.

    Args:
        x: (samples, n_x), the units to be expressed.
        y: (samples, n_y), the units whose span it is.

    Returns:
        (n_x,), in [0, 1].

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, or different numbers of samples.

    Source: Wang et al. 2018 (arXiv:1810.11750), definition 1.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> y = jnp.array([[1.0], [0.0], [0.0]])
    >>> residuals(x, y).round(3).tolist()
    [0.70..., 1.0]
    """
    x, y = as_activations(x, y)
    unit_x, norm = unit_columns(x)
    unit_y, _ = unit_columns(y)
    return jnp.where(norm > 0, as_residual(squared_residuals(unit_x, unit_y)), 1.0)


@jax.custom_jvp
def squared_residuals(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> Float[Array, "n_x"]:
    """Squared distances |x_v − y c|² for columns of unit norm or zero; the ridge keeps dependent columns harmless."""
    error, _ = _project(x, y)
    return jnp.sum(error * error, axis=0)


@squared_residuals.defjvp
def _squared_residuals_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    x, y = primals
    dx, dy = tangents
    error, coefficients = _project(x, y)
    return jnp.sum(error * error, axis=0), 2 * jnp.sum(error * (dx - dy @ coefficients), axis=0)


def _project(x: Array, y: Array) -> tuple[Array, Array]:
    """What the span of y leaves of x, and the coefficients of the part it takes."""
    top, triangle = factor(y)
    return project_out(top, x), solve_upper(triangle, top.T @ x)
