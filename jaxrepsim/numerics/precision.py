"""How small a residual can be told from zero, and from ε."""

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Values
from jaxrepsim.numerics.inputs import traced


def resolution(dtype: DTypeLike) -> float:
    """The residual below which a unit counts as lying in the span: 1e-5 in float64, 3e-3 in float32.

    Squared residuals come out of orthogonal projections. With κ the condition number of n unit-norm columns and u the
    rounding of the dtype, rounding the activations alone turns their span by up to uκ√n, and so moves a squared
    residual by up to 2uκ√n; a whole peel adds no more than that, exact dependencies included. Mostly it is a
    twentieth of it or less: against an SVD in float64 at most 1e-9 in float64 up to κ = 1e6, and 1e-5 in float32 up to
    κ = 1e3, with exceptions (5.8e-5 of 33 rectified units at κ = 260, 5e-5 where units on which others depend are
    removed in an order that is not the peel's). Beyond these κ a plain call warns (`jaxrepsim.IllConditionedWarning`).

    The square root of that is what a residual can be told from zero by. Residuals below it read as 0, so that exact
    matches (ε = 0) can be asked for; and a residual counts as at most ε up to √(ε² + r²), r the resolution.

    >>> import numpy as np
    >>> resolution(np.float64)
    1e-05
    """
    return 1e-5 if jnp.finfo(dtype).bits == 64 else 3e-3


def squared_threshold(epsilon: ArrayLike, dtype: DTypeLike) -> Float[Values, "*e"]:
    """The squared residual up to which a unit is matched at `epsilon`: ε² and the square of the resolution.

    The one rule for ties: a residual that equals ε, such as those between activations that are 0 or 1, is matched
    whatever rounding does to it.
    """
    xp = jnp if traced(epsilon) else np
    return xp.asarray(xp.asarray(epsilon, dtype) ** 2 + resolution(dtype) ** 2)


def reached(critical: Float[Values, "*n"], epsilon: Values | float) -> Bool[Values, "..."]:
    """Whether a critical ε is at most `epsilon`, by the rule of `squared_threshold`; never for one that is NaN."""
    return critical * critical <= epsilon * epsilon + resolution(critical.dtype) ** 2


def as_residual(squared: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Square root of squared residuals, clipped to [0, 1], with what is below the resolution read as 0."""
    floor = resolution(squared.dtype) ** 2
    seen = ~(squared <= floor)  # also where it is not a number
    return jnp.where(seen, jnp.sqrt(jnp.where(seen, jnp.minimum(squared, 1.0), 1.0)), 0.0)
