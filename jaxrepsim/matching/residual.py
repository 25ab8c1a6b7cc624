"""The residual: how far a unit is from the span of another network's units."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.factor import solve_upper
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import as_activations, on_device, traced
from jaxrepsim.numerics.precision import as_residual
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.projection import factor, project_out
from jaxrepsim.numerics.scaling import unit_columns


def residuals(x: ArrayLike, y: ArrayLike) -> Float[Array, "n_x"]:
    """The relative distance of every unit of x to the span of the units of y.

    For unit v: min_c |x_v − y c| / |x_v|. 0 says that v is a linear combination of units of y, 1 that it is orthogonal
    to all of them. Nothing is centred. A dead unit (zero for every sample) is matched by nothing and reads 1.

    Projections are orthogonal (Householder QR of unit-norm columns), so dependent and duplicate units of y give the
    true distance to their numerical span. Values below `jaxrepsim.resolution` of the dtype read as 0.

    Differentiable in x and y, also where units of y are dependent; at a residual that reads 0, or 1 for a dead unit,
    the derivative is 0. The derivative of the squared distance is that of |x_v − y c|² at fixed best c (the envelope
    theorem), c the coefficients of smallest norm among those within √δ of the best, √δ = 1e-10 in float64 and 2e-5 in
    float32. With respect to y it is −2 (x_v − y c) cᵀ, so it grows with c: where units of y are nearly dependent and
    x_v leans on their difference, c is as large as the reciprocal of that difference, and so is the gradient. That is
    the true one: there a small change of y turns the span by much. There is no second derivative.

    Args:
        x: (samples, n_x), the units to be expressed.
        y: (samples, n_y), the units whose span it is.

    Returns:
        (n_x,), in [0, 1].

    Raises:
        TypeError: Activations that are not real numbers; or a second derivative is asked for.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Of
            traced ones, a unit with such a value reads NaN, and every unit where y has one.

    Source: Wang et al. 2018 (arXiv:1810.11750), definition 1.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> y = jnp.array([[1.0], [0.0], [0.0]])
    >>> residuals(x, y).round(3).tolist()
    [0.70..., 1.0]
    """
    x, y = networks = as_activations(x, y)
    if traced(x, y):
        return _residuals(x, y)
    warn_of_few_samples(networks)
    rows = size_bucket(len(x), 64)
    wide = [padded(network, (rows, size_bucket(network.shape[1], 16))) for network in networks]
    return on_device(np.asarray(_residuals(*wide))[: x.shape[1]])


@jax.jit
@with_all_digits
def _residuals(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> Float[Array, "n_x"]:
    unit_x, norm = unit_columns(x)
    unit_y, _ = unit_columns(y)
    found = jnp.where(norm > 0, as_residual(squared_residuals(unit_x, unit_y)), 1.0)
    finite = jnp.all(jnp.isfinite(x), axis=0) & jnp.all(jnp.isfinite(y))
    return jnp.where(finite, found, jnp.nan)


@jax.custom_jvp
def squared_residuals(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> Float[Array, "n_x"]:
    """Squared distances |x_v − y c|² for columns of unit norm or zero; the ridge keeps dependent columns harmless."""
    error, _ = _project(x, y)
    return jnp.sum(error * error, axis=0)


@squared_residuals.defjvp
def _squared_residuals_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    x, y = primals
    dx, dy = tangents
    error, coefficients = _project_once(x, y)
    return jnp.sum(error * error, axis=0), 2 * jnp.sum(error * (dx - dy @ coefficients), axis=0)


def _project(x: Array, y: Array) -> tuple[Array, Array]:
    """What the span of y leaves of x, and the coefficients of the part it takes."""
    top, triangle = factor(y)
    return project_out(top, x), solve_upper(triangle, top.T @ x)


_project_once = without_gradient(_project, "residuals have a first derivative, and no second one")
